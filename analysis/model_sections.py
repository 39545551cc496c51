"""Sections on many conditions: their scale, the threshold of a ladder of steps, and what a next study needs."""

import numpy as np
import pandas as pd

from analysis import power_plots, scaling_plots, threshold_plots
from analysis.contrasts import contrasts, places
from analysis.document import Block, Picture, Section, Table, Text, bare_p, column, spans
from analysis.errors import AnalysisError
from analysis.exclude import exclude
from analysis.findings import Findings
from analysis.jnd import rate
from analysis.pairs import decided, pairs_of
from analysis.power import Claim, Design, Population, Price, grid
from analysis.rounding import number, percent, span
from analysis.scaling import scale
from analysis.studies import Study
from analysis.thresholds import Options, detections, thresholds

STUDIES = 400  # simulated for each size of a next study
TARGET = 0.9


def model_sections(study: Study) -> list[Section]:
    """Return the sections that the conditions of a study allow: a scale from three on, a threshold of a ladder."""
    rows = decided(exclude(study.rows, study.plan.rules)[0])
    conditions = sorted({*rows["left_condition"], *rows["right_condition"]})
    found = []
    if len(conditions) > 2:
        found.append(Section("Where do all conditions lie?", _scale(rows, study)))
    ladder = _ladder(rows, study)
    if ladder is not None:
        found.append(Section("How many steps are enough?", _threshold(ladder, study)))
    return found


def next_study(found: Findings) -> Section | None:
    """Return what another study of the same people and prompts would need; none without a mixed model."""
    if found.model is None or not 0.01 < found.kept.pooled.mean < 0.99:
        return None
    sds = found.model.random.set_index("term")["sd"]
    mean = found.kept.pooled.mean
    population = Population(mean, float(sds["participant"]), float(sds["prompt"]))
    around = found.kept.n_participants
    trials = max(4, round(found.kept.n_choices / around))
    prompts = max(trials, found.kept.n_prompts)
    people, counts = power_plots.sizes(around, trials, prompts)
    margin = 0.5 if mean > 0.5 else rate(-found.verdict.margin_jnd)
    claim = Claim(margin, (1 - found.level) / 2)
    design = Design(around, trials, prompts)
    table = grid(people, counts, design, population, claim, Price(), studies=STUDIES)
    caption = (
        f"Power to show a rate above {100 * margin:.0f} % if it is {percent(mean)} % as here, people differ by an SD "
        f"of {number(sds['participant'], otherwise=2)} and prompts by {number(sds['prompt'], otherwise=2)} "
        f"logits; {prompts} prompts, {STUDIES} simulated studies for each size. A rate that was found is "
        "likely to be larger than the next one: plan with a smaller one."
    )
    drawn = power_plots.contours(table, TARGET)
    return Section("What would a next study need?", (Picture("power", *drawn, caption, "Contours of equal power."),))


def _scale(rows: pd.DataFrame, study: Study) -> tuple[Block, ...]:
    level = study.plan.level
    try:
        fitted = scale(pairs_of(rows))
    except AnalysisError as error:
        return (Text(str(error), "note"),)
    where, pairs = places(fitted, level), contrasts(fitted, level)
    name = f"all ({fitted.n_choices:.0f} choices)"
    columns = (
        column("condition", where["condition"]),
        column("JND from the mean", where["jnd"], lambda v: number(v, otherwise=2)),
        column("SE", where["se"], lambda v: number(v, v)),
        spans(f"{100 * level:g} % quasi interval", where, 1),
    )
    caption = f"Thurstone’s scale (case V), {fitted.estimator}; {fitted.n_participants} participants."
    compared = (
        column("pair", [f"{row.first} − {row.second}" for row in pairs.itertuples()]),
        column("difference, JND", pairs["difference"], lambda v: number(v, otherwise=2)),
        spans(f"{100 * level:g} % CI", pairs, 1),
        column("p (Holm)", pairs["p_holm"], bare_p),
    )
    return (
        Picture("scale", *scaling_plots.places({name: where}, level), caption, "Places of all conditions."),
        Table("scale", caption, columns, where),
        Picture(
            "triangle",
            *scaling_plots.triangle(where["condition"].tolist(), pairs),
            "Every pair of conditions, with Holm’s correction.",
            "Pairs of conditions.",
        ),
        Table("contrasts", "Every pair of conditions; intervals are of single pairs.", compared, pairs),
    )


def _ladder(rows: pd.DataFrame, study: Study) -> pd.DataFrame | None:
    """Return detections where one condition stood beside at least three others, each of one number of steps."""
    for reference in sorted({*study.rows["reference_condition"].dropna().unique(), study.compare[1]}):
        against = [rows[rows[f"{side}_condition"] == reference] for side in ("left", "right")]
        steps = pd.concat([_others(against[0], "right"), _others(against[1], "left")]).groupby("name")["steps"]
        if steps.ngroups >= 3 and (steps.nunique(dropna=False) == 1).all() and (steps.first().fillna(0) > 0).all():
            return detections(rows, reference)
    return None


def _others(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    return pd.DataFrame({"name": rows[f"{side}_condition"], "steps": rows[f"{side}_num_steps"]})


def _threshold(ladder: pd.DataFrame, study: Study) -> tuple[Block, ...]:
    rules = study.plan.rules
    options = Options(level=study.plan.level, replicates=rules.replicates, seed=rules.seed)
    try:
        fitted = thresholds(ladder, None, options)
    except AnalysisError as error:
        return (Text(str(error), "note"),)
    row = fitted.table.iloc[0]
    words = (
        f"People tell the images apart in 75 % of choices at {number(row['threshold'], otherwise=3)} denoising steps "
        f"({100 * options.level:g} % CI {span(row['low'], row['high'])}; {row['n_participants']} participants, "
        f"{row['n_choices']} choices; {row['estimator']}; {row['status']})."
    )
    drawn = threshold_plots.curve(fitted, "denoising steps")
    shown = Picture("psychometric", *drawn, words, "Psychometric function.")
    return (shown, Text(words)) if np.isfinite(row["threshold"]) else (Text(words, "note"), shown)

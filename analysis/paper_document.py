"""The papers' tables and figures, made again from one's own tables, as a document; what was not given is left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import paper_plots
from analysis.document import Column, Document, Picture, Section, Table, Text, bare_p, column
from analysis.efficiency import QUALITIES, against, unit_of
from analysis.gains import relative_gain, table_2
from analysis.image_time import seconds_per_image, sets, time_and_distance
from analysis.load import read_evaluation, read_measurements
from analysis.predictor_section import predictor_section, read_predictions, with_error
from analysis.render import write_document
from analysis.rounding import MISSING, number, percent, plus_minus
from analysis.shuffles import against_shuffles
from budgetfusion.measurements import COST, SCORE, read_table

QUOTED = (
    "Columns that say “paper” quote arXiv:2412.05780 (of StepSaver arXiv:2411.00853). They are about other models, "
    "prompts and machines, and are not a target."
)
ARTEFACT = (
    "The paper averages per-prompt ratios, which rewards any budget that varies (E[1/t] > 1/E[t]): PERMUTED, OURS’ "
    "steps dealt to the wrong prompts, earns the same. The ratio of means compares fairly."
)
LITERAL = (
    "At its word equation 9 takes the metric itself; for L-SNR and D-SIM, where less is better, it counts worse images "
    "as a gain. The gain in quality is oriented: more is better."
)


@dataclass(frozen=True)
class Given:
    """The tables that a document is made from; only the evaluation is always there."""

    evaluation: pd.DataFrame
    costs: pd.DataFrame | None = None
    scores: pd.DataFrame | None = None
    predictions: pd.DataFrame | None = None
    measurements: pd.DataFrame | None = None


def read_given(
    evaluation: Path,
    costs: Path | None = None,
    scores: Path | None = None,
    predictions: Path | None = None,
    measurements: Path | None = None,
) -> Given:
    """Read the tables.

    Raises:
        FileContentError: If a file is missing or is not its table.
        EvaluationError: See `predictor_section.read_predictions`.
    """
    return Given(
        read_evaluation(evaluation),
        pd.DataFrame(read_table(costs, COST)) if costs else None,
        pd.DataFrame(read_table(scores, SCORE)) if scores else None,
        read_predictions(predictions) if predictions else None,
        read_measurements(measurements) if measurements else None,
    )


def write_paper(given: Given, out: Path, *, reference: int | None = None, own: bool = False, seed: int = 0) -> Path:
    """Write the document with its tables and figures below a folder, and return the path of its HTML.

    Args:
        given: What it is made from.
        out: Folder for index.html, report.md, tables/ and figures/.
        reference: See `efficiency.against`.
        own: Likewise.
        seed: Of the bootstrap.
    """
    rows = against(given.evaluation, reference, own=own)
    sections = [predictor_section(given.predictions), _efficiency(rows), _gains(rows, seed)]
    sections += [_shuffles(rows, given.measurements, seed), _time(rows, given), _sets(given)]
    prompts, steps = rows["prompt_id"].nunique(), rows["reference_num_steps"].iloc[0]
    return write_document(
        Document(
            title="The papers’ tables, made again",
            subtitle=f"{prompts} prompts, {rows['seed'].nunique()} seed(s), compared with {steps} steps",
            figure="",
            summary=(Text(QUOTED), Text(ARTEFACT)),
            sections=tuple(section for section in sections if section.blocks),
            is_simulated=False,
            is_unblinded=False,
        ),
        out,
    )


def _efficiency(rows: pd.DataFrame) -> Section:
    table = table_2(rows)
    unit, per_unit = unit_of(table["tflop"].mean())
    ratios = table.filter(regex="^(mean_of_ratios|ratio_of_means)") / per_unit
    columns = (
        column("rule", table["rule"]),
        column("quality", [QUALITIES[name] for name in table["quality"]]),
        column("steps", table["num_steps"], lambda v: number(v, otherwise=2)),
        column(unit, table["tflop"] * per_unit, lambda v: f"{v:.3g}"),
        with_error("mean quality", table, "level", 4),
        with_error("mean of ratios", ratios, "mean_of_ratios", 3),
        with_error("ratio of means", ratios, "ratio_of_means", 3),
        _paper("paper", table["paper_mean"], 2),
    )
    caption = (
        f"Quality, and quality per {unit} in 1e−2, ± SE over {table['n'].iloc[0]} prompts (equation 8); the paper’s is "
        "per TFLOP."
    )
    return Section("Table 2: quality per computation", (Table("table-2", caption, columns, table),))


def _gains(rows: pd.DataFrame, seed: int) -> Section:
    table = relative_gain(rows, seed=seed)
    shown = (
        column("OURS over", table["other"]),
        column("quality", [QUALITIES[name] for name in table["quality"]]),
        Column("gain", _percents(table, "gain")),
        column("median", table["gain_median"], percent),
        column("of means", table["of_means"], percent),
        column("wins", table["wins"], percent),
        column("p (Holm)", table["p_holm"], bare_p),
        Column("at its word", _percents(table, "literal")),
        Column("paper", _percents(table, "paper_gain")),
    )
    caption = (
        "Equation 9 in percent: mean of per-prompt ratios minus one ± SE, its median, the ratio of means minus one, "
        "the share of prompts where OURS is better, Wilcoxon’s signed-rank test of the paired difference. " + LITERAL
    )
    drawn = paper_plots.gains(table)
    words = "Equation 9, oriented: mean ± SE of per-prompt gains (filled), and the ratio of means (open)."
    picture = Picture("figure-8a", *drawn, words, "Gain of OURS over each other rule.")
    return Section(
        "Equation 9 and Figure 8a: gain over each rule", (picture, Table("equation-9", caption, shown, table))
    )


def _shuffles(rows: pd.DataFrame, measurements: pd.DataFrame | None, seed: int) -> Section:
    if measurements is None:
        return Section("", ())
    table = against_shuffles(rows, measurements, seed=seed)
    gaps = zip(table["mean"] - table["shuffled"], table["shuffled_sd"], strict=True)
    columns = (
        column("rule", table["rule"]),
        column("quality", [QUALITIES[name] for name in table["quality"]]),
        column("steps", table["num_steps"], lambda v: number(v, otherwise=2)),
        column("mean quality", table["mean"], lambda v: number(v, otherwise=4)),
        Column("above shuffles", tuple(plus_minus(gap, sd, 4) for gap, sd in gaps)),
        column("beaten", table["beaten"], percent),
    )
    caption = (
        f"Quality of measured curves at each rule’s steps over {table['n'].iloc[0]} prompts; how far it is above the "
        f"mean of {table['shuffles'].iloc[0]:,} shuffles of OURS’ steps ± their SD; the share of them that it beats, "
        "in percent. BY-MEASURED and ORACLE know the curves."
    )
    return Section("OURS among shuffles, on measured curves", (Table("shuffles", caption, columns, table),))


def _time(rows: pd.DataFrame, given: Given) -> Section:
    if given.costs is None:
        return Section("", ())
    table, saver = seconds_per_image(rows, given.costs), time_and_distance(rows, given.costs, given.scores)
    columns = (
        column("rule", table["rule"]),
        column("images", table["n"], str),
        column("steps", table["num_steps"], lambda v: number(v, otherwise=2)),
        column("seconds", table["seconds"], lambda v: f"{v:.3g}"),
        column("SD", table["sd"], lambda v: f"{v:.2g}"),
        column("% of REFERENCE", table["share"], percent),
        _paper("paper, seconds", table["paper_seconds"], 2),
    )
    hardware = table["hardware"].iloc[0]
    caption = f"Seconds of an image on {hardware}, by the measured time of its steps; the paper’s are of an RTX 3090."
    drawn = paper_plots.seconds(table)
    shown = (
        column("rule", saver["rule"]),
        column("images", saver["n"], lambda v: f"{v:.0f}"),
        column("steps", saver["num_steps"], lambda v: number(v, otherwise=1)),
        column("hours", saver["hours"], _digits),
        column("speed-up", saver["speed_up"], lambda v: number(v, otherwise=2)),
        column("FID (scenes)", saver["fid_scenes"], lambda v: number(v, otherwise=2)),
        column("FID (Inception)", saver["fid_inception"], lambda v: number(v, otherwise=2)),
        _paper("paper, hours", saver["paper_hours"], 2),
        _paper("paper, FID", saver["paper_fid"], 2),
    )
    words = "Hours for all images, after StepSaver’s table; speed-up over the fixed step count next to 50."
    return Section(
        "Figure 8b and StepSaver’s table: time",
        (
            Picture("figure-8b", *drawn, "Seconds of an image, mean and SD over images.", "Seconds by rule."),
            Table("figure-8b", caption, columns, table),
            Table("stepsaver", words, shown, saver),
        ),
    )


def _sets(given: Given) -> Section:
    if given.scores is None:
        return Section("", ())
    table = sets(given.scores)
    names = {"is_scenes": "IS (scenes)", "fid_scenes": "FID (scenes)"}
    names |= {"is_inception": "IS (Inception)", "fid_inception": "FID (Inception)"}
    scores = tuple(column(words, table[name], lambda v: number(v, otherwise=2)) for name, words in names.items())
    columns = (column("rule", table["rule"]), *scores, _paper("paper, IS", table["paper_is"], 1))
    caption = (
        f"Scores of sets of {table['num_images'].iloc[0]} images; distances are to {table['frechet_to'].iloc[0]}. "
        "Scores depend on the number of images, and the paper does not give its."
    )
    return Section("Inception Score and Fréchet distance", (Table("sets", caption, columns, table),))


def _digits(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else MISSING


def _percents(table: pd.DataFrame, name: str) -> tuple[str, ...]:
    pairs = zip(100 * table[name], 100 * table[f"{name}_se"], strict=True)
    return tuple(plus_minus(mean, error, 1) for mean, error in pairs)


def _paper(header: str, values: Sequence[float], digits: int) -> Column:
    return column(header, values, lambda value: number(value, otherwise=digits))

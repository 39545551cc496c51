"""Is the budget well spent: quality and quality per computation of each rule, and against shuffled budgets.

An average of per-prompt ratios rewards any budget that varies (E[1/t] > 1/E[t]); so both averages are printed, and
PERMUTED, the same budgets shuffled over the prompts, shows what varying alone is worth.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import EvaluationError

RULES = (
    "OURS",
    "UNIFORM",
    "UNIFORM-EXACT",
    "SPLIT",
    "BY-LENGTH",
    "STEPSAVER-R",
    "BY-MEASURED",
    "ORACLE",
    "PERMUTED",
    "REFERENCE",
)
"""In this order in every table; behind them the fixed step counts, then the baselines."""

DEARER = ("REFERENCE", "FIXED-")
"""How the names of rules begin that do not keep to OURS' total, and so are no fair comparison of quality."""

QUALITIES = {"sharpness": "1 − L-SNR", "sameness": "1 − D-SIM", "meaning": "I-CLIP"}
"""Quality columns, each in [0, 1] and better when higher, and their names in the paper."""

RESAMPLES = 2000
SMALL_TFLOP = 0.1
EQUAL_STEPS = 0.05
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Efficiency:
    """The evaluation in tables; `unit` is that of every amount of computation, 'TFLOP' or 'GFLOP'.

    `reference`: steps of the reference that the qualities compare with.

    `rules`: one row for each rule (num_steps, computation). `quality`: one row for each rule and quality (mean, se, and
    per unit: mean_of_ratios, ratio_of_means, each with _low and _high). `differences`: a rule minus another in mean
    quality: OURS and every rule of equal cost, SPLIT and UNIFORM-EXACT. `gains`: relative gain of a rule over UNIFORM
    in quality per computation, by both averages.

    `shuffles`: what each rule's steps are worth on measured curves, see `shuffles.against_shuffles`; none unless asked.
    """

    unit: str
    reference: int
    n_prompts: int
    n_seeds: int
    n_replicates: int
    level: float
    rules: pd.DataFrame
    quality: pd.DataFrame
    differences: pd.DataFrame
    gains: pd.DataFrame
    sentence: str
    shuffles: pd.DataFrame | None = None


def efficiency(
    evaluation: pd.DataFrame, *, reference: int | None = None, own: bool = False, level: float = 0.95, seed: int = 0
) -> Efficiency:
    """Return quality, computation and quality per computation of each rule, with bootstrap intervals over prompts.

    Args:
        evaluation: Rows of the evaluation table: one for each prompt, seed, rule, replicate and reference.
        reference: See `against`.
        own: See `against`.
        level: Confidence level in (0, 1).
        seed: Of the bootstrap.

    Raises:
        EvaluationError: If OURS or UNIFORM is missing, no prompt has every rule, or there is no such reference.

    Source:
        Table 2 and equations 8 and 9 of arXiv:2412.05780; the PERMUTED control is ours.
    """
    evaluation = against(evaluation, reference, own=own)
    unit, per_unit = unit_of(evaluation["tflop"].mean())
    cells = prompt_means(evaluation, per_unit)
    rules = ordered(cells.index.get_level_values("rule").unique())
    weights = resampled(cells.index.get_level_values("prompt_id").nunique(), seed)
    differences = _differences(cells, rules, weights, level)
    permuted = evaluation.loc[evaluation["rule"] == "PERMUTED", "replicate"]
    return Efficiency(
        unit=unit,
        reference=int(evaluation["reference_num_steps"].iloc[0]),
        n_prompts=weights.shape[1],
        n_seeds=int(evaluation["seed"].nunique()),
        n_replicates=int(permuted.nunique()),
        level=level,
        rules=_budgets(cells, rules, weights, level),
        quality=_qualities(cells, rules, weights, level),
        differences=differences,
        gains=_gains(cells, rules, weights, level),
        sentence=sentence(differences, level),
    )


def unit_of(mean_tflop: float) -> tuple[str, float]:
    """Return the unit in which a computation is a readable number, and how many of it are one TFLOP."""
    return ("GFLOP", 1e3) if mean_tflop < SMALL_TFLOP else ("TFLOP", 1.0)


def against(evaluation: pd.DataFrame, reference: int | None = None, *, own: bool = False) -> pd.DataFrame:
    """Return the rows that compare with one reference.

    Args:
        evaluation: Rows of the evaluation table.
        reference: Its steps; none: those of the rule REFERENCE, or the fewest if there is no such rule.
        own: Compare a sampler whose images converge to others than Euler's with its own reference, not Euler's.

    Raises:
        EvaluationError: If there is no such reference.
    """
    steps = sorted(evaluation["reference_num_steps"].unique())
    if reference is None:
        named = evaluation.loc[evaluation["rule"] == "REFERENCE", "num_steps"]
        reference = int(named.iloc[0]) if len(named) else int(steps[0])
    if reference not in steps:
        raise EvaluationError(f"references of {', '.join(map(str, steps))} steps", f"one of {reference}")
    rows = evaluation[evaluation["reference_num_steps"] == reference]
    by_itself = rows["reference"] == rows["rule"]
    if not own:
        return rows[~by_itself]
    return rows[by_itself | ~rows["rule"].isin(rows.loc[by_itself, "rule"])]


def ordered(rules: Iterable[str]) -> list[str]:
    """Return rules in the order of every table: the named ones, fixed step counts, baselines."""

    def place(rule: str) -> tuple[int, int, str]:
        if rule in RULES:
            return 0, RULES.index(rule), rule
        return (1, int(rule.removeprefix("FIXED-")), rule) if rule.startswith("FIXED-") else (2, 0, rule)

    return sorted(rules, key=place)


def prompt_means(evaluation: pd.DataFrame, per_unit: float = 1.0) -> pd.DataFrame:
    """Return each prompt's mean over seeds and replicates under each rule, for the prompts that have every rule.

    Args:
        evaluation: Rows of the evaluation table.
        per_unit: Units of computation in one TFLOP.

    Returns:
        Index (rule, prompt_id), sorted; columns num_steps, computation, the qualities, and `<quality>_ratio`.
    """
    rows = evaluation[["rule", "prompt_id", "num_steps"]].assign(
        computation=evaluation["tflop"] * per_unit,
        sharpness=1 - evaluation["l_snr"],
        sameness=1 - evaluation["d_sim"],
        meaning=evaluation["i_clip"],
    )
    rows = rows.assign(**{f"{q}_ratio": rows[q] / rows["computation"] for q in QUALITIES})
    cells = rows.groupby(["rule", "prompt_id"], sort=True).mean()
    found = sorted(rows["rule"].unique())
    complete = cells.groupby("prompt_id").size() == len(found)
    cells = cells[cells.index.get_level_values("prompt_id").isin(complete.index[complete])]
    if not {"OURS", "UNIFORM"} <= set(found) or cells.empty or bool(cells.isna().any(axis=None)):
        raise EvaluationError(f"rules {found} over {int(complete.sum())} complete prompts", "OURS and UNIFORM, no gaps")
    return cells


def sentence(differences: pd.DataFrame, level: float) -> str:
    """Return whether OURS beats PERMUTED on quality at equal mean steps, and SPLIT UNIFORM-EXACT, a sentence each."""
    pairs = [("OURS", "PERMUTED"), ("SPLIT", "UNIFORM-EXACT")]
    found = {(a, b): differences[(differences["rule"] == a) & (differences["other"] == b)] for a, b in pairs}
    said = [_verdict(rows, *pair, level) for pair, rows in found.items() if len(rows)]
    if found["OURS", "PERMUTED"].empty:
        said.insert(
            0, "There is no PERMUTED control, so it is unknown whether OURS gives its steps to the right prompts."
        )
    return " ".join(said)


def _verdict(rows: pd.DataFrame, rule: str, other: str, level: float) -> str:
    better, worse = rows[rows["low"] > 0]["quality"], rows[rows["high"] < 0]["quality"]
    gap = float(rows["num_steps_difference"].iloc[0])
    steps = "equal mean steps" if abs(gap) < EQUAL_STEPS else f"mean steps that differ by {gap:+.2f}"
    how = f"at {steps} ({100 * level:.0f} % intervals, simultaneous over {len(rows)} qualities)"
    names = [", ".join(QUALITIES[q] for q in side) for side in (better, worse)]
    if len(better) and len(worse):
        return f"{rule} against {other} is mixed {how}: better in {names[0]}, worse in {names[1]}."
    if len(better):
        return (
            f"{rule} beats {other} {how} in {names[0]}{'' if len(better) == len(rows) else '; undecided in the rest'}."
        )
    if len(worse):
        return f"{rule} does not beat {other} {how}: it is worse in {names[1]}."
    return f"It is undecided whether {rule} beats {other} {how}: every interval of the difference includes 0."


def _column(cells: pd.DataFrame, rule: str, column: str) -> Numbers:
    values: Numbers = cells.loc[rule, column].to_numpy(np.float64)
    return values


def resampled(n: int, seed: int) -> Numbers:
    """Return bootstrap weights, shape (RESAMPLES, prompts), each row summing to 1; shared by every rule, so paired."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n


def percentiles(draws: Numbers, level: float) -> tuple[float, float]:
    """Return the ends of the percentile interval of bootstrap draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def mean_and_se(values: Numbers) -> tuple[float, float]:
    """Return the mean and its standard error; NaN where there are too few values."""
    return float(values.mean()) if len(values) else float("nan"), _se(values)


def _se(values: Numbers) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _budgets(cells: pd.DataFrame, rules: list[str], weights: Numbers, level: float) -> pd.DataFrame:
    rows = []
    for rule in rules:
        steps = _column(cells, rule, "num_steps")
        low, high = percentiles(weights @ steps, level)
        computation = _column(cells, rule, "computation")
        rows.append((rule, steps.mean(), _se(steps), low, high, computation.mean(), _se(computation)))
    columns = ["rule", "num_steps", "num_steps_se", "num_steps_low", "num_steps_high", "computation", "computation_se"]
    return pd.DataFrame(rows, columns=columns)


def _qualities(cells: pd.DataFrame, rules: list[str], weights: Numbers, level: float) -> pd.DataFrame:
    rows = []
    for rule in rules:
        computation = _column(cells, rule, "computation")
        for quality in QUALITIES:
            values, ratios = _column(cells, rule, quality), _column(cells, rule, f"{quality}_ratio")
            ends = percentiles(weights @ values, level)
            of_ratios = ratios.mean(), *percentiles(weights @ ratios, level)
            of_means = (
                values.mean() / computation.mean(),
                *percentiles((weights @ values) / (weights @ computation), level),
            )
            rows.append((rule, quality, values.mean(), _se(values), *ends, *of_ratios, *of_means))
    averages = [f"{name}{end}" for name in ("mean_of_ratios", "ratio_of_means") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["rule", "quality", "mean", "se", "low", "high", *averages])


def _differences(cells: pd.DataFrame, rules: list[str], weights: Numbers, level: float) -> pd.DataFrame:
    simultaneous = 1 - (1 - level) / len(QUALITIES)  # Bonferroni
    pairs = [("OURS", other) for other in rules if other != "OURS" and not other.startswith(DEARER)]
    pairs += [("SPLIT", "UNIFORM-EXACT")] if {"SPLIT", "UNIFORM-EXACT"} <= set(rules) else []
    rows = []
    for rule, other in pairs:
        steps = float((_column(cells, rule, "num_steps") - _column(cells, other, "num_steps")).mean())
        for quality in QUALITIES:
            gap = _column(cells, rule, quality) - _column(cells, other, quality)
            rows.append((rule, other, quality, gap.mean(), *percentiles(weights @ gap, simultaneous), steps))
    columns = ["rule", "other", "quality", "difference", "low", "high", "num_steps_difference"]
    return pd.DataFrame(rows, columns=columns)


def _gains(cells: pd.DataFrame, rules: list[str], weights: Numbers, level: float) -> pd.DataFrame:
    rows = []
    for rule in (rule for rule in ("OURS", "PERMUTED") if rule in rules):
        for quality in QUALITIES:
            ratios = [_column(cells, r, f"{quality}_ratio") for r in (rule, "UNIFORM")]
            parts = [(_column(cells, r, quality), _column(cells, r, "computation")) for r in (rule, "UNIFORM")]
            of_ratios = ratios[0].mean() / ratios[1].mean() - 1
            drawn = (weights @ ratios[0]) / (weights @ ratios[1]) - 1
            means = [q.mean() / c.mean() for q, c in parts]
            drawn_means = [(weights @ q) / (weights @ c) for q, c in parts]
            ends = percentiles(drawn_means[0] / drawn_means[1] - 1, level)
            rows.append((rule, quality, of_ratios, *percentiles(drawn, level), means[0] / means[1] - 1, *ends))
    averages = [f"{name}{end}" for name in ("mean_of_ratios", "ratio_of_means") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["rule", "quality", *averages])

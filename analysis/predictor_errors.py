"""How far a predictor is off on held-out prompts: Table 1 and Figure 12 of the paper, with its figures beside.

The input is the prediction table, with columns variant, prompt_id, metric, num_steps, predicted, label, is_measured.
"""

import numpy as np
import pandas as pd

from analysis import published
from analysis.efficiency import mean_and_se
from analysis.errors import EvaluationError
from analysis.rounding import number, signed
from budgetfusion.plateau import OMEGA, plateau

CONTROL = "mean-curve"
"""The mean over training prompts: what can be said of a prompt without hearing it."""

SELF_COMPARED = 129
"""Steps at which D-SIM and I-CLIP compare an image with itself, so that there is nothing to predict."""


def table_1(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictor's mean absolute error by variant and metric, over held-out prompts.

    Args:
        predictions: Rows of the prediction table.

    Returns:
        Columns variant, num_parameters (missing for controls), metric, n (prompts), measured, measured_se (at the knots
        below 129), interpolated, interpolated_se (at 1..129, most of them on straight lines between knots), nearer,
        nearer_se (how much smaller `measured` is than that of the mean curve, paired by prompt; missing for and
        without that control), paper_error.

    Source:
        Table 1 of arXiv:2412.05780.
    """
    gaps = predictions.assign(gap=(predictions["predicted"] - predictions["label"]).abs().astype("float64"))
    knots = gaps[gaps["is_measured"] & (gaps["num_steps"] < SELF_COMPARED)]
    at = [table.groupby(["variant", "metric", "prompt_id"])["gap"].mean() for table in (knots, gaps)]
    sizes = predictions.groupby("variant")["num_parameters"].first()
    rows = []
    for variant, metric in gaps[["variant", "metric"]].drop_duplicates().itertuples(index=False):
        measured, interpolated = (table.loc[variant, metric] for table in at)
        is_compared = CONTROL in sizes and variant != CONTROL
        nearer = at[0].loc[CONTROL, metric] - measured if is_compared else measured.iloc[:0]
        paper = published.TABLE_1.get(variant, {}).get(metric, np.nan)
        found = [mean_and_se(values.to_numpy()) for values in (measured, interpolated, nearer)]
        rows.append((variant, sizes[variant], metric, len(measured), *np.ravel(found), paper))
    columns = ["variant", "num_parameters", "metric", "n", "measured", "measured_se", "interpolated", "interpolated_se"]
    return pd.DataFrame(rows, columns=[*columns, "nearer", "nearer_se", "paper_error"])


def verdict(errors: pd.DataFrame, variant: str = "ours", ses: float = 2.0) -> str:
    """Return whether a variant is nearer to the labels than the mean curve, by more than so many SE, in one sentence.

    Args:
        errors: Result of `table_1`.
        variant: Whose.
        ses: How many standard errors of the paired difference count.
    """
    own = errors[(errors["variant"] == variant) & errors["nearer"].notna()]
    if own.empty:
        return f"There is no mean curve beside ‘{variant}’, so it is unknown whether the text tells anything."
    clear = own["nearer"] > ses * own["nearer_se"]
    gaps = own[["metric", "nearer", "nearer_se"]].itertuples(index=False)
    told = [f"{metric} {signed(number(nearer, se))} ± {number(se, se)}" for metric, nearer, se in gaps]
    how = f"by more than {ses:g} SE of the paired difference over {own['n'].iloc[0]} prompts ({'; '.join(told)})"
    if clear.all():
        return (
            f"‘{variant}’ is nearer to the labels than the mean curve of the training prompts in every metric, {how}."
        )
    rest = ", ".join(own.loc[~clear, "metric"])
    return f"‘{variant}’ is not nearer to the labels than the mean curve of the training prompts in {rest}, {how}."


def fitting_error(predictions: pd.DataFrame, variant: str = "ours") -> pd.DataFrame:
    """Return the predictor's error at each measured step count, and by the step count that it suggests.

    Args:
        predictions: As in `table_1`.
        variant: Whose.

    Returns:
        Columns by ('num_steps' or 'suggested'), num_steps, metric, n, error, se.

    Raises:
        EvaluationError: If there is no such variant.

    Source:
        Figure 12 of arXiv:2412.05780, whose axis and caption name one of the two each.
    """
    own = predictions[predictions["variant"] == variant]
    if own.empty:
        raise EvaluationError(f"variants {sorted(predictions['variant'].unique())}", f"'{variant}'")
    gaps = own.assign(error=(own["predicted"] - own["label"]).abs().astype("float64"))
    knots = gaps[gaps["is_measured"] & (gaps["num_steps"] < SELF_COMPARED)]
    suggested = gaps["prompt_id"].map(_suggested(own))
    by_prompt = gaps.assign(suggested=suggested)[gaps["is_measured"]].groupby(["suggested", "metric", "prompt_id"])
    by = {
        "num_steps": knots.groupby(["num_steps", "metric"])["error"],
        "suggested": by_prompt["error"].mean().groupby(level=["suggested", "metric"]),
    }
    parts = []
    for name, grouped in by.items():
        table = grouped.agg(n="size", error="mean", se="sem").reset_index()
        parts.append(table.rename(columns={name: "num_steps"}).assign(by=name))
    return pd.concat(parts, ignore_index=True)[["by", "num_steps", "metric", "n", "error", "se"]]


def _suggested(own: pd.DataFrame) -> pd.Series:
    """Return the steps that predicted curves suggest, by prompt: the latest plateau of the metrics."""
    found: dict[str, int] = {}
    for (prompt, metric), curve in own.sort_values("num_steps").groupby(["prompt_id", "metric"])["predicted"]:
        values = curve.to_numpy(np.float64)
        badness = 1 - values if metric == "i_clip" else values
        steps = plateau(badness, OMEGA[metric]).num_steps
        found[prompt] = max(found.get(prompt, 0), steps)
    return pd.Series(found)

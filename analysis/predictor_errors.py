"""How far a predictor is off on held-out prompts: Table 1 and Figure 12 of the paper, with its figures beside.

The input is the prediction table, with columns variant, prompt_id, metric, num_steps, predicted, label, is_measured.
"""

import numpy as np
import pandas as pd

from analysis import published
from analysis.efficiency import mean_and_se
from analysis.errors import EvaluationError
from budgetfusion.plateau import OMEGA, plateau

SELF_COMPARED = 129
"""Steps at which D-SIM and I-CLIP compare an image with itself, so that there is nothing to predict."""


def table_1(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictor's mean absolute error by variant and metric, over held-out prompts.

    Args:
        predictions: Rows of the prediction table.

    Returns:
        Columns variant, metric, n (prompts), measured, measured_se (at the knots below 129), interpolated,
        interpolated_se (at 1..129, most of them on straight lines between knots), paper_error.

    Source:
        Table 1 of arXiv:2412.05780.
    """
    gaps = predictions.assign(gap=(predictions["predicted"] - predictions["label"]).abs().astype("float64"))
    knots = gaps[gaps["is_measured"] & (gaps["num_steps"] < SELF_COMPARED)]
    rows = []
    for variant, metric in gaps[["variant", "metric"]].drop_duplicates().itertuples(index=False):
        here = [t[(t["variant"] == variant) & (t["metric"] == metric)] for t in (knots, gaps)]
        measured, interpolated = (table.groupby("prompt_id")["gap"].mean().to_numpy() for table in here)
        paper = published.TABLE_1.get(variant, {}).get(metric, np.nan)
        rows.append((variant, metric, len(measured), *mean_and_se(measured), *mean_and_se(interpolated), paper))
    columns = ["variant", "metric", "n", "measured", "measured_se", "interpolated", "interpolated_se", "paper_error"]
    return pd.DataFrame(rows, columns=columns)


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

"""THE PREDICTION TABLE: what each way of predicting says about held-out prompts, beside what was measured."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from budgetfusion.budgets import prompt_id
from budgetfusion.files import replacing
from budgetfusion.steps import DENSE, KNOTS

PREDICTION = pa.schema(
    [
        ("variant", pa.string()),  # one of `predictor.variants.VARIANTS` or `predictor.controls.CONTROLS`
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("metric", pa.string()),  # l_snr, d_sim or i_clip
        ("num_steps", pa.int64()),
        ("predicted", pa.float32()),  # in [0, 1]
        ("label", pa.float32()),  # in [0, 1]; mean over seeds, interpolated linearly between the knots
        ("is_measured", pa.bool_()),  # whether the label was measured, at a knot
        ("num_parameters", pa.int64()),  # of the networks; null for a control
        ("checkpoint_digest", pa.string()),
        ("config_digest", pa.string()),  # of the model and its generation settings
    ]
)
"""One row for each variant, prompt, metric and num_steps 1..129; the paper's Table 1 and Figure 12 come from it."""


@dataclass(frozen=True)
class Answers:
    """What one variant predicts.

    Attributes:
        variant: Its name.
        predicted: Shape (prompts, metrics, 129), in [0, 1].
        checkpoint_digest: Of what it was fitted to.
        num_parameters: Of its networks; none for a control.
    """

    variant: str
    predicted: NDArray[np.float64]
    checkpoint_digest: str
    num_parameters: int | None = None


@dataclass(frozen=True)
class Labels:
    """Held-out prompts and their curves, shape (prompts, metrics, 129), measured at the knots of one model."""

    prompts: list[str]
    metrics: tuple[str, ...]
    curves: NDArray[np.float64]
    config_digest: str


def write_predictions(path: Path, answers: list[Answers], labels: Labels) -> int:
    """Write predictions as Parquet, all of them or none, and return how many rows.

    Raises:
        NoSpaceError: If the disk is full.
    """
    table = pa.concat_tables([_table(one, labels) for one in answers])
    with replacing(path) as partial:
        pq.write_table(table, partial, compression="zstd")
    return int(table.num_rows)


def errors(predicted: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return each prompt's mean absolute error by metric.

    Args:
        predicted: Shape (prompts, metrics, 129).
        labels: Likewise.

    Returns:
        'measured', over the knots up to 65 (the curves at 129 of D-SIM and I-CLIP are 0 and 1 by construction), and
        'interpolated', over all 129, two thirds of which lie on one straight line; each of shape (prompts, metrics).
    """
    gap = np.abs(predicted - labels)
    return {"measured": gap[..., np.array(KNOTS[:-1]) - 1].mean(axis=-1), "interpolated": gap.mean(axis=-1)}


def _table(one: Answers, labels: Labels) -> pa.Table:
    prompts, metrics, steps = labels.curves.shape
    per_prompt = metrics * steps
    names = np.repeat(np.array(labels.prompts), per_prompt)
    ids = np.repeat(np.array([prompt_id(prompt) for prompt in labels.prompts]), per_prompt)
    num_steps = np.tile(np.array(DENSE), prompts * metrics)
    rows = len(names)
    columns = [
        pa.repeat(one.variant, rows),
        ids,
        names,
        np.tile(np.repeat(np.array(labels.metrics), steps), prompts),
        num_steps,
        one.predicted.astype(np.float32).ravel(),
        labels.curves.astype(np.float32).ravel(),
        np.isin(num_steps, KNOTS),
        pa.array([one.num_parameters] * rows, pa.int64()),
        pa.repeat(one.checkpoint_digest, rows),
        pa.repeat(labels.config_digest, rows),
    ]
    return pa.Table.from_arrays([pa.array(c) if isinstance(c, np.ndarray) else c for c in columns], schema=PREDICTION)

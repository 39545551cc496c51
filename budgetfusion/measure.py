"""Measuring quality against step count: prompts x knots x seeds -> the measurement table, resumable."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from budgetfusion.budgets import prompt_id
from budgetfusion.diffusion.engine import SLOTS
from budgetfusion.diffusion.ladder import ladder
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import MEASUREMENT, read_table, write_table
from budgetfusion.metrics import Encoder, measure_images
from budgetfusion.parts import Parts
from budgetfusion.steps import KNOTS

METHOD = "euler"
Row = dict[str, Any]
Job = tuple[str, int]
"""A prompt and a seed."""


def measure(
    model: Model,
    encoder: Encoder,
    jobs: Sequence[Job],
    path: Path,
    *,
    batch_size: int = SLOTS,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Row]:
    """Measure every job at every knot and write the measurement table; what is already measured is kept.

    Finished batches lie beside `path` until the end, so a run that stops goes on where it stopped.

    Args:
        model: The diffusion model.
        encoder: The features of the metrics.
        jobs: Prompts and seeds, measured in this order.
        path: The measurement table; rows that are in it are kept.
        batch_size: Images that are denoised together, and jobs that are written together.
        progress: Called with the number of jobs that are done.

    Returns:
        All rows of the table.

    Raises:
        FileContentError: If the table holds rows of another model, or seen through another encoder.
    """
    kept = _known_rows(path, model.digest, encoder.name)
    known = {(row["prompt"], row["seed"]) for row in kept}
    missing = [job for job in dict.fromkeys(jobs) if job not in known]
    parts = Parts(path, MEASUREMENT)
    progress(len(known))
    for start in range(0, len(missing), batch_size):
        batch = missing[start : start + batch_size]
        key = [model.digest, encoder.name, [list(job) for job in batch]]
        kept += parts.rows(key, partial(measure_batch, model, encoder, batch, batch_size))
        progress(len(kept) // len(KNOTS))
    write_table(path, kept, MEASUREMENT)
    parts.clear()
    return kept


def measure_batch(model: Model, encoder: Encoder, batch: Sequence[Job], slots: int = SLOTS) -> list[Row]:
    """Return the rows of a batch of jobs: each at every knot, against its own image at the most steps.

    On one machine a row depends on its job and on `slots`, and not on the other jobs.
    """
    prompts, seeds = [prompt for prompt, _ in batch], [seed for _, seed in batch]
    images = ladder(model, prompts, seeds, KNOTS, slots=slots)
    return [row for k, job in enumerate(batch) for row in _rows(model, encoder, job, images[k])]


def _rows(model: Model, encoder: Encoder, job: Job, images: np.ndarray[Any, np.dtype[np.uint8]]) -> Iterator[Row]:
    prompt, seed = job
    metrics, seen_by = measure_images(images, images[-1], encoder), encoder.name
    for k, num_steps in enumerate(KNOTS):
        yield {
            "prompt_id": prompt_id(prompt),
            "prompt": prompt,
            "seed": seed,
            "num_steps": num_steps,
            "method": METHOD,
            "i_clip_caption": None,
            **{name: float(values[k]) for name, values in metrics.items()},
            "encoder": seen_by,
            "config_digest": model.digest,
        }


def _known_rows(path: Path, model_digest: str, encoder: str) -> list[Row]:
    rows = read_table(path, MEASUREMENT) if path.is_file() else []
    others = {row["config_digest"][:12] for row in rows} - {model_digest[:12]}
    if others:
        remedy = "Give each model and each setting a table of its own."
        raise FileContentError(path, f"rows of model digest {', '.join(sorted(others))}", model_digest[:12], remedy)
    if strange := {str(row["encoder"]) for row in rows} - {encoder}:
        remedy = "Give each encoder, with or without captions, a table of its own."
        raise FileContentError(path, f"rows of encoder {', '.join(sorted(strange))}", encoder, remedy)
    return rows

"""The label table: SSIM of DDIM's images over the grid, resumable; any rule can be read off it later."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from budgetfusion.baselines.samplers import with_sampler
from budgetfusion.budgets import prompt_id
from budgetfusion.diffusion.engine import SLOTS
from budgetfusion.diffusion.ladder import ladder
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.measurements import write_table
from budgetfusion.metrics.ssim import ssim
from budgetfusion.parts import Parts
from budgetfusion.stepsaver.labels import GRID, Similarities

Row = dict[str, Any]
SAMPLER = "DDIM"

SIMILARITY = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("seed", pa.int64()),
        ("grid", pa.list_(pa.int64())),  # step counts
        ("to_next", pa.list_(pa.float64())),  # SSIM of each image with the next, one fewer
        ("to_final", pa.list_(pa.float64())),  # SSIM of each image with the last
        ("config_digest", pa.string()),
    ]
)
"""One row for each prompt and seed."""


def label(
    model: Model,
    prompts: Sequence[str],
    path: Path,
    *,
    seed: int = 0,
    grid: Sequence[int] = GRID,
    slots: int = SLOTS,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Row]:
    """Make every prompt's images over the grid with DDIM and write how alike they are.

    Finished batches lie beside `path` until the end, so a run that stops goes on where it stopped.

    Args:
        model: The diffusion model; its own sampler is left alone.
        prompts: Without repetition.
        path: The table.
        seed: Of the initial noise.
        grid: Step counts, rising, at least three.
        slots: Images that are denoised together.
        progress: Called with the number of prompts that are done.
    """
    sampled = replace(model, pipe=with_sampler(model.pipe, SAMPLER))
    parts, rows = Parts(path, SIMILARITY), list[Row]()
    for start in range(0, len(prompts), slots):
        batch = list(prompts[start : start + slots])
        key = [model.digest, SAMPLER, list(grid), seed, slots, batch]
        rows += parts.rows(key, partial(_rows, sampled, batch, seed, grid, slots))
        progress(len(rows))
    write_table(path, rows, SIMILARITY)
    parts.clear()
    return rows


def similarities(row: Row) -> Similarities:
    """Return a row as the rules take it."""
    return Similarities(tuple(row["grid"]), np.array(row["to_next"]), np.array(row["to_final"]))


def _rows(model: Model, prompts: Sequence[str], seed: int, grid: Sequence[int], slots: int) -> list[Row]:
    images = ladder(model, prompts, [seed] * len(prompts), grid, slots=slots).pixels
    return [_row(model, prompt, seed, grid, images[k]) for k, prompt in enumerate(prompts)]


def _row(model: Model, prompt: str, seed: int, grid: Sequence[int], images: Any) -> Row:
    to_next = [float(ssim(images[k : k + 1], images[k + 1])[0]) for k in range(len(grid) - 1)]
    return {
        "prompt_id": prompt_id(prompt),
        "prompt": prompt,
        "seed": seed,
        "grid": list(grid),
        "to_next": to_next,
        "to_final": ssim(images, images[-1]).tolist(),
        "config_digest": model.digest,
    }

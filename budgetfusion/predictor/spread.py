"""How far the t* of single images lies from the predicted one: what a quantile of t* is read from."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion.metrics import BADNESS
from budgetfusion.plateau import suggest
from budgetfusion.predictor.training import curves

Row = dict[str, Any]
LEVELS = np.linspace(0, 1, 101)
BOUNDS = (2, 129)
"""Fewest and most steps, as in `plateau.suggest`."""


def cross_fitted(
    rows: Sequence[Row], suggested: Callable[[Sequence[Row], Sequence[str]], Sequence[int]], folds: int, seed: int
) -> list[float]:
    """Return quantiles of measured over predicted t*, each predicted by a fit that never saw the prompt.

    Each seed of a prompt counts by itself, so the spread holds both what no text can tell (the seeds') and what the
    predictor does not know.

    Args:
        rows: Of the measurement table, all of one model.
        suggested: Fits on the rows that it is handed first and returns t* of the prompts that it is handed second.
        folds: Into how many parts the prompts are dealt, at least 2.
        seed: Of the dealing.

    Returns:
        101 ratios, at the levels 0, 0.01, ... 1, rising.

    Source:
        Vovk et al. 2018, "Cross-conformal predictive distributions": residuals of held-out folds. It holds for prompts
        that are drawn like these.
    """
    prompts = list(dict.fromkeys(row["prompt"] for row in rows))
    parts = np.random.default_rng(seed).permutation(len(prompts)) % folds
    ratios: list[float] = []
    for fold in range(folds):
        asked = [prompt for prompt, part in zip(prompts, parts, strict=True) if part == fold]
        if not asked:
            continue
        known, held = set(prompts) - set(asked), set(asked)
        predicted = suggested([row for row in rows if row["prompt"] in known], asked)
        ratios += _ratios([row for row in rows if row["prompt"] in held], dict(zip(asked, predicted, strict=True)))
    return [round(float(ratio), 4) for ratio in np.quantile(ratios, LEVELS)]


def ratio_at(quantiles: Sequence[float], level: float) -> float:
    """Return the ratio at a level in (0, 1) of what `cross_fitted` returned."""
    return float(np.interp(level, LEVELS, quantiles))


def scaled(num_steps: int, ratio: float) -> int:
    """Return steps times a ratio, rounded up, within `BOUNDS`."""
    return int(np.clip(math.ceil(num_steps * ratio - 1e-9), *BOUNDS))


def measured_steps(rows: Sequence[Row]) -> tuple[list[str], NDArray[np.int64]]:
    """Return prompts and the t* of their measured curves, the seeds of these rows averaged, shape (prompts,)."""
    names = tuple(BADNESS)
    prompts, values = curves(rows, names)
    found = [suggest({n: BADNESS[n](c) for n, c in zip(names, of, strict=True)}).num_steps for of in values]
    return prompts, np.array(found, dtype=np.int64)


def _ratios(rows: Sequence[Row], predicted: dict[str, int]) -> Iterable[float]:
    for seed in sorted({row["seed"] for row in rows}):
        prompts, steps = measured_steps([row for row in rows if row["seed"] == seed])
        yield from (float(t) / predicted[prompt] for prompt, t in zip(prompts, steps, strict=True))

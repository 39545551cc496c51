"""The weights of Eq. 7, fitted: as few steps as a given loss of quality allows, on the training prompts alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from budgetfusion.plateau import plateau

Numbers = NDArray[np.float64]
CANDIDATES = tuple(round(0.1 * k, 1) for k in range(11))
REFERENCE = 65
"""Steps of the image that a loss is counted against (arXiv:2412.05780, section 4)."""


@dataclass(frozen=True)
class Fitted:
    """Weights, and what they cost on the prompts that they were fitted to.

    Attributes:
        omega: Metric -> standard deviations above the median.
        mean_steps: Mean t*.
        loss: Mean badness at t* less that at 65 steps, over prompts and metrics.
        is_within: Whether the loss is as small as was asked; if no weights reach it, these come nearest.
    """

    omega: dict[str, float]
    mean_steps: float
    loss: float
    is_within: bool


def fit(badness: Mapping[str, Numbers], most_loss: float, candidates: Sequence[float] = CANDIDATES) -> Fitted:
    """Return the weights with the fewest mean steps among those whose loss is small enough, by trying all.

    The paper fits its weights by quality per computation (its Eq. 8). That alone prefers the fewest steps of all, as
    quality saturates; so the loss is bounded here instead.

    Args:
        badness: Metric -> curves of training prompts, shape (prompts, 129), lower is better. Never those of prompts
            that the weights are judged on.
        most_loss: The largest mean loss against 65 steps, in units of a metric.
        candidates: Weights to try for each metric.
    """
    names = list(badness)
    found = {name: _plateaus(curves, candidates) for name, curves in badness.items()}
    tried = []
    for places in product(range(len(candidates)), repeat=len(names)):
        steps = np.max([found[name][place] for name, place in zip(names, places, strict=True)], axis=0)
        loss = float(np.mean([_loss(curves, steps) for curves in badness.values()]))
        omega = {name: candidates[place] for name, place in zip(names, places, strict=True)}
        tried.append(Fitted(omega, float(steps.mean()), loss, loss <= most_loss))
    within = [one for one in tried if one.is_within]
    if within:
        return min(within, key=lambda one: (one.mean_steps, one.loss))
    return min(tried, key=lambda one: (one.loss, one.mean_steps))


def _plateaus(curves: Numbers, candidates: Sequence[float]) -> NDArray[np.int64]:
    """Return each curve's plateau for each weight, shape (candidates, prompts)."""
    return np.array([[plateau(curve, omega).num_steps for curve in curves] for omega in candidates])


def _loss(curves: Numbers, steps: NDArray[np.int64]) -> float:
    return float((curves[np.arange(len(curves)), steps - 1] - curves[:, REFERENCE - 1]).mean())

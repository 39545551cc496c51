"""How many steps are enough by the similarity of images: three rules, of which the source names none exactly.

Source:
    arXiv:2408.02054 labels a prompt by an analysis of SSIM over 10 to 100 steps of DDIM; those who describe it say that
    images of consecutive step counts are compared and that the first decline decides. Thresholds are ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

GRID = tuple(range(10, 101, 5))
"""Step counts at which images are compared."""

DECLINE = 0.005
"""A fall of SSIM that is more than noise."""

CLOSE = 0.95
"""From this SSIM on two images count as the same."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    """A step count of the grid; 'none' if the rule never applied and the last one stands in."""

    num_steps: int
    status: Literal["ok", "none"]


@dataclass(frozen=True)
class Similarities:
    """SSIM of the images of one prompt and seed.

    Attributes:
        grid: Step counts, rising.
        to_next: Of each image with that at the next step count, shape (len(grid) - 1,).
        to_final: Of each image with that at the last, shape (len(grid),).
    """

    grid: tuple[int, ...]
    to_next: Numbers
    to_final: Numbers


def first_decline(of: Similarities) -> Label:
    """Return where successive images, having become more alike, first become less alike."""
    rises = np.diff(of.to_next)
    for k, rise in enumerate(rises.tolist()):
        if rise < -DECLINE and (rises[:k] > 0).any():
            return Label(of.grid[k + 1], "ok")
    return Label(of.grid[-1], "none")


def plateau(of: Similarities) -> Label:
    """Return the first step count after which two changes in a row are too small to count."""
    close = of.to_next >= CLOSE
    return _first(of, np.append(close[:-1] & close[1:], [False, False]))


def to_final(of: Similarities) -> Label:
    """Return the first step count whose image counts as that of the last; the last itself is no finding."""
    return _first(of, np.append(of.to_final[:-1] >= CLOSE, False))


RULES: dict[str, Callable[[Similarities], Label]] = {
    "first-decline": first_decline,
    "plateau": plateau,
    "to-final": to_final,
}


def _first(of: Similarities, holds: NDArray[np.bool_]) -> Label:
    found = np.flatnonzero(holds)
    return Label(of.grid[int(found[0])], "ok") if len(found) else Label(of.grid[-1], "none")

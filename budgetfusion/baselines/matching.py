"""The same cost for everybody: a baseline's steps, mixed so that all its images cost what OURS' do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from budgetfusion.baselines.errors import BudgetUnmatchedError

TOLERANCE = 0.005
"""How far a total may be from its target, relative."""


@dataclass(frozen=True)
class Mixture:
    """Two adjacent step counts, dealt to the images so that their total meets a budget.

    Attributes:
        num_steps: Of each image, shape (images,): `fewer` or one more.
        fewer: The smaller count.
        fraction: Share of the images that take one step more, 0..1.
        tflop: What all images cost together.
        target_tflop: What they should cost.
    """

    num_steps: NDArray[np.int64]
    fewer: int
    fraction: float
    tflop: float
    target_tflop: float

    @property
    def deviation(self) -> float:
        """How far the total is from its target, relative; negative below it."""
        return self.tflop / self.target_tflop - 1

    def __str__(self) -> str:
        return (
            f"{self.fewer} steps and, for {self.fraction:.1%} of the images, {self.fewer + 1}: "
            f"{self.tflop:.5g} TFLOP, {self.deviation:+.2%} of {self.target_tflop:.5g}"
        )


def match(
    costs: NDArray[np.float64], target_tflop: float, images: int, rng: np.random.Generator, tolerance: float = TOLERANCE
) -> Mixture:
    """Mix adjacent step counts over the images so that their total cost is nearest to a target.

    Which images take the step more is chance: it must not depend on what they show.

    Args:
        costs: TFLOP of one image with 1, 2, ... steps, shape (steps,), never falling.
        target_tflop: What all images may cost together, e.g. OURS' total.
        images: How many there are, at least one.
        rng: Where the chance comes from.
        tolerance: How far from the target the total may be, relative.

    Raises:
        BudgetUnmatchedError: If the nearest total is farther away than that.
    """
    mean = target_tflop / images
    fewer = int(np.clip(np.searchsorted(costs, mean, side="right"), 1, len(costs) - 1))
    low, high = costs[fewer - 1], costs[fewer]
    taking_more = round(images * float(np.clip((mean - low) / (high - low), 0, 1))) if high > low else 0
    num_steps = np.full(images, fewer, dtype=np.int64)
    num_steps[rng.permutation(images)[:taking_more]] += 1
    total = float(costs[num_steps - 1].sum())
    if abs(total / target_tflop - 1) > tolerance:
        raise BudgetUnmatchedError(target_tflop, total, images)
    return Mixture(num_steps, fewer, taking_more / images, total, target_tflop)

"""The step counts: where quality is measured (knots), the dense grid between them, and interpolation."""

import numpy as np
from numpy.typing import NDArray

KNOTS: tuple[int, ...] = tuple(sorted({1} | {1 + 2 ** (i - 1) for i in range(1, 9)} | {22, 27, 42}))
"""T = {1, 2, 3, 5, 9, 17, 22, 27, 33, 42, 65, 129} (arXiv:2412.05780, section 3.1)."""

DENSE: tuple[int, ...] = tuple(range(1, 130))
"""Every step count 1..129, where the predictor answers (arXiv:2412.05780, section 3.2)."""


def interpolate(curve: NDArray[np.float64], knots: NDArray[np.int64]) -> NDArray[np.float64]:
    """Spread curves measured at the knots linearly over the dense grid.

    Args:
        curve: Values at the knots, shape (..., knots).
        knots: Step counts, shape (knots,), strictly increasing, from 1 to 129.

    Returns:
        Values at 1..129, shape (..., 129), exact at the knots.

    Raises:
        ValueError: If the last axis of `curve` and `knots` differ in length, or the knots do not span 1..129.

    Source:
        arXiv:2412.05780, section 3.2 ("linear interpolation").
    """
    if curve.shape[-1] != len(knots):
        raise ValueError(f"curve has {curve.shape[-1]} values, expected one per knot ({len(knots)})")
    if (knots[0], knots[-1]) != (DENSE[0], DENSE[-1]):
        raise ValueError(f"knots run from {knots[0]} to {knots[-1]}, expected {DENSE[0]} to {DENSE[-1]}")
    flat = curve.reshape(-1, len(knots))
    dense = np.stack([np.interp(DENSE, knots, row) for row in flat])
    return dense.reshape(*curve.shape[:-1], len(DENSE))

"""Curves between the knots that rise and fall only where the knots do."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from budgetfusion.steps import DENSE


def monotone(curve: NDArray[np.float64], knots: NDArray[np.int64]) -> NDArray[np.float64]:
    """Spread curves over the dense grid by monotone cubics along the logarithm of the step count.

    Quality changes with ratios of step counts, so on a logarithmic axis a curve is smooth where on a plain one it has a
    sharp bend. Of measured knots that were left out and guessed from the others, this guesses nearly all better than
    straight lines do (docs/explanation/steps-and-plateau.md).

    Args:
        curve: Values at the knots, shape (..., knots).
        knots: Step counts, shape (knots,), strictly increasing, from 1 to 129.

    Returns:
        Values at 1..129, shape (..., 129), exact at the knots; within the values of the two knots around.

    Source:
        Fritsch and Carlson 1980, "Monotone piecewise cubic interpolation", by scipy.
    """
    dense: NDArray[np.float64] = PchipInterpolator(np.log(knots), curve, axis=-1)(np.log(DENSE))
    return dense

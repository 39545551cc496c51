"""The knots of the paper, the dense grid, and the interpolation between."""

import numpy as np
import pytest

from budgetfusion.steps import DENSE, KNOTS, interpolate


def test_the_knots_are_the_papers() -> None:
    """T has the twelve step counts of arXiv:2412.05780, section 3.1."""
    assert KNOTS == (1, 2, 3, 5, 9, 17, 22, 27, 33, 42, 65, 129)


def test_the_dense_grid_is_every_step_count() -> None:
    """The predictor answers at 1..129."""
    assert tuple(range(1, 130)) == DENSE


def test_interpolation_is_exact_at_the_knots(rng: np.random.Generator) -> None:
    """Measured values are kept bit for bit, over any leading axes."""
    curves = rng.normal(size=(2, 3, len(KNOTS)))
    dense = interpolate(curves, np.array(KNOTS))

    assert dense.shape == (2, 3, 129)
    np.testing.assert_array_equal(dense[..., np.array(KNOTS) - 1], curves)


def test_interpolation_is_linear_between_knots() -> None:
    """A straight line stays one."""
    knots = np.array(KNOTS)

    np.testing.assert_allclose(interpolate(2.0 * knots + 1, knots), 2.0 * np.array(DENSE) + 1, rtol=1e-12)


def test_a_curve_of_another_length_is_refused() -> None:
    """There is one value for each knot."""
    with pytest.raises(ValueError, match=r"curve has 3 values, expected one per knot \(12\)"):
        interpolate(np.zeros(3), np.array(KNOTS))


def test_knots_must_span_the_grid() -> None:
    """Nothing is extrapolated."""
    with pytest.raises(ValueError, match="knots run from 1 to 65, expected 1 to 129"):
        interpolate(np.zeros(2), np.array([1, 65]))

"""Fitting the weights of Eq. 7."""

import numpy as np

from budgetfusion.omegas import fit

STEPS = np.arange(1, 130)


def curves(slowest: int) -> dict[str, np.ndarray]:
    """Return badness curves of ten prompts for two metrics, one converging twice as fast as the other."""
    taus = np.linspace(2, slowest, 10)[:, None]
    return {"d_sim": np.exp(-(STEPS - 1) / taus), "i_clip": np.exp(-2 * (STEPS - 1) / taus)}


def test_a_smaller_loss_costs_more_steps() -> None:
    """And both bounds hold."""
    strict, loose = fit(curves(12), 0.01), fit(curves(12), 0.05)

    assert strict.is_within
    assert loose.is_within
    assert (strict.loss <= 0.01, loose.loss <= 0.05) == (True, True)
    assert strict.mean_steps > loose.mean_steps


def test_no_other_weights_within_the_loss_give_fewer_steps() -> None:
    """Equal weights for all metrics, where they are within the loss, never do better."""
    best = fit(curves(12), 0.03)
    pairs = [fit(curves(12), 0.03, [omega]) for omega in (0.0, 0.1, 0.3, 0.5, 0.8, 1.0)]
    assert all(best.mean_steps <= one.mean_steps for one in pairs if one.is_within)


def test_a_loss_that_no_weights_reach_is_said() -> None:
    """The nearest weights are returned, and `is_within` is false."""
    found = fit(curves(60), 1e-6, [0.3, 0.5])

    assert not found.is_within
    assert found.loss == fit(curves(60), 1e-6, [0.3]).loss


def test_without_a_standard_deviation_falling_curves_get_65_steps() -> None:
    """The median of a falling curve is its value at 65, so nothing is lost against it."""
    found = fit(curves(60), 0.0, [0.0])

    assert (found.mean_steps, found.loss, found.is_within) == (65.0, 0.0, True)

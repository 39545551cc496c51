"""Eq. 7, oriented and guarded."""

import numpy as np
import pytest

from budgetfusion.plateau import plateau, suggest

STEPS = np.arange(1, 130)


def decay(tau: float) -> np.ndarray:
    """Return a badness curve that falls from 1 towards 0."""
    return np.exp(-(STEPS - 1) / tau)


@pytest.mark.parametrize(("omega", "expected"), [(0.3, 24), (0.2, 27), (0.5, 20)])
def test_an_exponential_curve_has_the_plateau_computed_by_hand(omega: float, expected: int) -> None:
    """The dense plateaus of exp(-(t-1)/8) are 24, 27 and 20 for the paper's three weights."""
    assert plateau(decay(8), omega).num_steps == expected


def test_a_scaled_and_shifted_curve_has_the_same_plateau() -> None:
    """Eq. 7 is free of scale and offset."""
    assert plateau(decay(8), 0.3) == plateau(0.2 + 0.5 * decay(8), 0.3)


def test_a_slower_curve_has_a_later_plateau() -> None:
    """More steps are suggested where quality converges later."""
    assert plateau(decay(16), 0.2).num_steps > plateau(decay(8), 0.2).num_steps


def test_the_median_of_a_monotone_dense_curve_is_its_value_at_65() -> None:
    """So the plateau of a monotone curve is never beyond 64 steps."""
    curve = decay(40)

    assert np.median(curve) == curve[64]
    assert plateau(curve, 0.2).num_steps <= 64


def test_a_flat_curve_gets_the_fewest_steps_and_says_so() -> None:
    """Without the floor, an almost constant curve would read a late plateau out of noise."""
    noise = 0.5 + 1e-4 * np.sin(STEPS)

    found = plateau(noise, 0.3, bounds=(2, 129))

    assert (found.num_steps, found.status) == (2, "flat")
    assert plateau(noise, 0.3, rule="paper", floor=0).num_steps > 100


def test_a_curve_that_never_crosses_gets_the_fewest_steps_and_says_so() -> None:
    """A metric that only worsens with the steps asks for none of them."""
    rising = 1 - decay(8)

    found = plateau(rising, 0.3)

    assert (found.num_steps, found.status) == (2, "none")


def test_a_late_rise_counts_for_the_literal_rule_alone() -> None:
    """A bump at 101 steps on a curve that settled at 24 moves Eq. 7 at its word, and not the prefix."""
    bumped = decay(8)
    bumped[100] = 1.0
    settled = plateau(decay(8), 0.3).num_steps

    assert plateau(bumped, 0.3, rule="paper").num_steps == 101
    assert plateau(bumped, 0.3).num_steps in (settled, settled - 1)


@pytest.mark.parametrize("tau", [1.0, 4.0, 16.0, 60.0])
def test_both_rules_agree_on_falling_curves(tau: float) -> None:
    """The guard changes nothing where the paper's assumption, that quality only improves, holds."""
    assert plateau(decay(tau), 0.2) == plateau(decay(tau), 0.2, rule="paper")


def test_a_curve_that_starts_low_at_one_step_is_read_from_two_on() -> None:
    """One step is no image, so its value opens no prefix and closes none."""
    curve = decay(8)
    curve[0] = 0.0

    assert plateau(curve, 0.3).num_steps == plateau(curve, 0.3, rule="paper").num_steps


def test_a_curve_with_nan_is_refused() -> None:
    """A missing measurement is an error, not a step count."""
    with pytest.raises(ValueError, match="not finite, expected numbers only"):
        plateau(np.full(129, np.nan), 0.3)


def test_bounds_clamp_the_plateau() -> None:
    """The user's fewest and most steps hold."""
    assert plateau(decay(8), 0.3, bounds=(30, 129)).num_steps == 30
    assert plateau(decay(8), 0.3, bounds=(2, 10)).num_steps == 10


def test_the_suggestion_is_the_latest_plateau_and_names_its_metric() -> None:
    """t* is the maximum over the metrics."""
    found = suggest({"l_snr": decay(4), "d_sim": decay(8), "i_clip": decay(2)})

    assert (found.num_steps, found.bound_by, found.status) == (27, "d_sim", "ok")
    assert {name: p.num_steps for name, p in found.plateaus.items()} == {"l_snr": 13, "d_sim": 27, "i_clip": 6}

"""The same cost for everybody."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgetfusion.baselines.errors import BudgetUnmatchedError
from budgetfusion.baselines.matching import match


def test_a_mean_between_two_counts_is_mixed(rng: np.random.Generator) -> None:
    """Of ten images that may cost 22.3 steps on average, three take 23 and the others 22."""
    found = match(np.arange(1.0, 130.0), 223.0, 10, rng)

    assert sorted(found.num_steps) == [22] * 7 + [23] * 3
    assert (found.fewer, found.fraction, found.tflop, found.deviation) == (22, 0.3, 223.0, 0.0)


def test_the_fraction_is_told(rng: np.random.Generator) -> None:
    """Printed, a mixture says its two counts, the share of the larger, and how near it came."""
    assert str(match(np.arange(1.0, 130.0), 223.0, 10, rng)) == (
        "22 steps and, for 30.0% of the images, 23: 223 TFLOP, +0.00% of 223"
    )


def test_who_takes_more_is_chance(rng: np.random.Generator) -> None:
    """The same seed deals the steps the same way, another one differently."""
    costs = np.arange(1.0, 130.0)
    deals = [match(costs, 450.0, 20, np.random.default_rng(seed)).num_steps.tolist() for seed in (0, 0, 1)]

    assert deals[0] == deals[1] != deals[2]


def test_a_scheduler_that_rounds_is_matched(rng: np.random.Generator) -> None:
    """Where two counts cost the same, because the scheduler makes the same steps of both, the budget is still met."""
    found = match(np.array([1.0, 2.0, 4.0, 4.0, 5.0]), 45.0, 10, rng)

    assert sorted(found.num_steps) == [4] * 5 + [5] * 5


def test_a_budget_out_of_reach_is_refused(rng: np.random.Generator) -> None:
    """One image cannot take a part of a step, and nobody can take more steps than there are."""
    with pytest.raises(BudgetUnmatchedError, match=r"2.5 TFLOP for 1 image.*found 2 .*within 0.5 %. Give more prompts"):
        match(np.arange(1.0, 10.0), 2.5, 1, rng)
    with pytest.raises(BudgetUnmatchedError, match=r"found 30 .*or more steps"):
        match(np.arange(1.0, 4.0), 100.0, 10, rng)


@given(
    st.lists(st.floats(0.1, 2.0), min_size=130, max_size=130),
    st.floats(5.0, 100.0),
    st.integers(100, 400),
    st.integers(0, 2**32),
)
def test_a_total_is_at_most_half_a_step_away(steps: list[float], mean: float, images: int, seed: int) -> None:
    """Whatever the steps cost, the total of a hundred images comes within half a step of one of them."""
    costs = np.cumsum(steps) / np.mean(steps)
    target = float(np.interp(mean, np.arange(1, 131), costs)) * images
    found = match(costs, target, images, np.random.default_rng(seed), tolerance=max(steps) / np.mean(steps))

    assert abs(found.tflop - target) <= np.diff(costs).max() / 2 + 1e-9 * target
    assert set(found.num_steps) <= {found.fewer, found.fewer + 1}
    assert (found.num_steps > found.fewer).mean() == pytest.approx(found.fraction)

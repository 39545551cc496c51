"""The best split of a fixed total of steps."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from budgetfusion.splitting import envelope, quality, split

LONGEST = 5


def best(worth: np.ndarray, total: int, fewest: int) -> float:
    """Return the largest sum of quality over every split, by trying them all."""
    choices = product(range(fewest, worth.shape[1] + 1), repeat=len(worth))
    return max(float(sum(worth[k, n - 1] for k, n in enumerate(c))) for c in choices if sum(c) <= total)


def reached(worth: np.ndarray, steps: np.ndarray) -> float:
    """Return the sum of quality that a split reaches."""
    return float(worth[np.arange(len(worth)), steps - 1].sum())


gains = arrays(np.int64, st.tuples(st.integers(1, 4), st.just(LONGEST - 1)), elements=st.integers(-3, 9))
levels = arrays(np.int64, st.tuples(st.integers(1, 4), st.just(LONGEST)), elements=st.integers(0, 20))


@given(gains=gains, spare=st.integers(0, 20), fewest=st.integers(1, 2))
def test_on_concave_curves_no_split_is_better(gains: np.ndarray, spare: int, fewest: int) -> None:
    """The greedy choice equals brute force, at every total, ties and curves that fall again included."""
    falling = -np.sort(-gains, axis=1)
    worth = np.concatenate([np.zeros((len(gains), 1)), falling.cumsum(axis=1)], axis=1).astype(float)
    total = fewest * len(worth) + spare

    steps = split(worth, total, fewest)

    assert steps.sum() <= total
    assert reached(worth, steps) == best(worth, total, fewest)


@given(levels=levels, spare=st.integers(0, 20), fewest=st.integers(1, 2))
def test_on_any_curves_the_loss_is_at_most_one_prompts_gap(levels: np.ndarray, spare: int, fewest: int) -> None:
    """It is the best split of the envelopes, and one prompt at most ends where its curve is below its envelope."""
    worth = levels.astype(float)
    total = fewest * len(worth) + spare
    hulls = np.stack([envelope(curve, fewest) for curve in worth])

    steps = split(worth, total, fewest)

    gaps = [hulls[k, n - 1] - worth[k, n - 1] for k, n in enumerate(steps)]
    assert reached(hulls, steps) == pytest.approx(best(hulls, total, fewest))
    assert sum(gap > 1e-9 for gap in gaps) <= 1
    assert reached(worth, steps) >= best(worth, total, fewest) - max(gaps) - 1e-9


def test_a_hard_prompt_gets_what_an_easy_one_would_waste() -> None:
    """Two curves that converge at different speeds: the slower gets more."""
    steps = np.arange(1, 130)
    worth = np.stack([1 - np.exp(-steps / 3), 1 - np.exp(-steps / 30)])

    easy, hard = split(worth, 60)

    assert easy + hard == 60
    assert hard > 2 * easy


def test_what_nobody_gains_from_is_left_over() -> None:
    """Curves that only fall get the fewest, whatever the total."""
    assert split(np.array([[3.0, 2.0, 1.0]]), 3, fewest=1).tolist() == [1]


def test_a_total_below_the_fewest_is_refused() -> None:
    """The message counts."""
    with pytest.raises(ValueError, match="found a total of 3 steps, expected at least 2 for each of 2 prompts"):
        split(np.ones((2, 5)), 3)


def test_a_curve_with_nan_is_refused() -> None:
    """A missing measurement is an error, not a split."""
    with pytest.raises(ValueError, match="not finite, expected numbers only"):
        split(np.full((1, 5), np.nan), 5)


def test_quality_turns_every_metric_upwards() -> None:
    """L-SNR and D-SIM are better when lower, I-CLIP when higher."""
    perfect = {"l_snr": np.zeros((1, 2)), "d_sim": np.zeros((1, 2)), "i_clip": np.ones((1, 2))}

    assert quality(perfect).tolist() == [[1.0, 1.0]]

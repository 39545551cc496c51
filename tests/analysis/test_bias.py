"""Controls: side bias, repeats, catch trials and the bound on careless answers."""

from collections.abc import Callable

import pandas as pd
import pytest
from scipy import stats

from analysis.bias import controls, lapse_bound, repeated
from stimuli.manifest import Manifest

PAIR = ("OURS", "UNIFORM")


def test_lapses_are_twice_the_upper_clopper_pearson_end() -> None:
    """1 miss in 40: the upper end is the .975 quantile of Beta(2, 39)."""
    assert lapse_bound(1, 40) == pytest.approx(2 * stats.beta.ppf(0.975, 2, 39))


@pytest.mark.parametrize(("misses", "trials"), [(0, 0), (9, 10)])
def test_lapses_without_evidence_are_unbounded(misses: int, trials: int) -> None:
    """No catch trial, or nearly all missed, bounds nothing."""
    assert lapse_bound(misses, trials) == 1.0


def test_repeats_are_compared_with_their_first_showing(
    manifest: Manifest, choices_of: Callable[..., pd.DataFrame]
) -> None:
    """A repeat is the same if the same condition was chosen, whatever its side."""
    choices = choices_of(manifest)
    again = choices["purpose"] == "repeat"
    first = choices.set_index(["participant", "trial_index"])["chosen"]
    keys = list(zip(choices.loc[again, "participant"], choices.loc[again, "repeat_of"], strict=True))
    choices.loc[again, "chosen"] = first.loc[keys].to_numpy()

    assert repeated(choices)["same"].tolist() == [1] * int(again.sum())


def test_left_is_counted_in_main_trials(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> None:
    """P(left) is the share of left answers; catch trials all right give 100 %."""
    choices = choices_of(manifest)
    found = controls(choices, PAIR)
    main = choices[choices["purpose"] == "main"]

    assert found.left.mean == pytest.approx((main["response"] == "left").mean())
    assert found.catch is not None
    assert found.catch.mean == 1.0
    assert "Wilson" in found.catch.interval.estimator


def test_absent_controls_are_none(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> None:
    """A study without repeats and catch trials has no such estimates."""
    found = controls(choices_of(manifest).query("purpose == 'main'"), PAIR)

    assert (found.repeats, found.catch) == (None, None)

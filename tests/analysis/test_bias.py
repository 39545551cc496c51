"""Controls: side bias, repeats, catch trials and the bound on careless answers."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.bias import bias_model, controls, halves, lapse_bound, repeated, side_bias
from stimuli.manifest import Manifest

PAIR = ("OURS", "UNIFORM")


def catch(*missed: int, each: int = 10) -> pd.DataFrame:
    """Return catch trials of people who missed so many of `each`."""
    rows = [(f"p{n}", int(k >= count)) for n, count in enumerate(missed) for k in range(each)]
    return pd.DataFrame(rows, columns=["participant", "right_answer"])


def test_lapses_are_twice_the_upper_clopper_pearson_end() -> None:
    """1 miss in 40 by four people (about), and none in 40: the .975 quantiles of Beta(2, 39) and Beta(1, 40)."""
    assert lapse_bound(catch(0, 0, 0, 1)) == pytest.approx(2 * stats.beta.ppf(0.975, 2, 39), rel=0.02)
    assert lapse_bound(catch(0, 0, 0, 0)) == pytest.approx(2 * stats.beta.ppf(0.975, 1, 40))


def test_misses_of_one_person_count_for_less() -> None:
    """Ten misses of one person bound less well than ten misses of ten: the effective number of trials is smaller."""
    alone, spread = catch(10, *[0] * 29), catch(*[1] * 10, *[0] * 20)

    assert alone["right_answer"].mean() == spread["right_answer"].mean()
    assert lapse_bound(alone) > 1.5 * lapse_bound(spread)


@pytest.mark.parametrize("frame", [catch(each=0), catch(9)])
def test_lapses_without_evidence_are_unbounded(frame: pd.DataFrame) -> None:
    """No catch trial, or nearly all missed, bounds nothing."""
    assert lapse_bound(frame) == 1.0


def planted(*, side: float = 0.0, previous: float = 0.0, order: float = 0.0, people: int = 40) -> pd.DataFrame:
    """Return trials of people whose choices are moved by the side, by their last side, or by time (log-odds)."""
    rng = np.random.default_rng(5)
    rows = []
    for person in range(people):
        last = 0.0
        for trial in range(40):
            shown = float(rng.choice([-0.5, 0.5]))
            moved = side * shown + previous * 2 * last * shown + order * (trial / 39 - 0.5)
            selected = float(rng.random() < 1 / (1 + np.exp(-(0.3 + moved))))
            left = selected if shown > 0 else 1 - selected
            last = left - 0.5
            rows.append((person, trial, trial % 20, shown, selected, left, 1000.0 + trial))
    columns = ["participant", "trial_index", "prompt", "side", "selected", "left", "rt_ms"]
    return pd.DataFrame(rows, columns=columns).assign(session=lambda frame: frame["participant"])


def test_planted_biases_are_recovered() -> None:
    """Side, carry-over and order lie within three standard errors of what was planted."""
    model = bias_model(planted(side=0.8, previous=1.0, order=0.6))
    assert model is not None
    fixed = model.fixed.set_index("term")

    for term, truth in (("side", 0.8), ("previous", 1.0), ("order", 0.6)):
        assert abs(fixed.loc[term, "estimate"] - truth) < 3 * fixed.loc[term, "se"]
        assert fixed.loc[term, "p_value"] < 0.05


def test_the_criterion_leans_to_the_side_that_is_chosen() -> None:
    """Whoever always takes the left has a negative criterion and no sensitivity."""
    trials = planted(people=1).assign(left=1.0)
    trials["selected"] = (trials["side"] > 0).astype(float)
    row = side_bias(trials).iloc[0]

    assert row["left"] == 1.0
    assert row["criterion"] < -1.5
    assert abs(row["d_prime"]) < 0.2


def test_halves_are_compared_within_people() -> None:
    """Preference that grows with time shows in the second half; response times that grow with it too."""
    table = halves(planted(order=2.0)).set_index("contrast")

    assert table.loc["second half − first half", "low"] > 0
    assert table.loc["faster half − slower half", "high"] < 0
    assert "faster half − slower half" not in set(halves(planted().assign(rt_ms=np.nan))["contrast"])


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

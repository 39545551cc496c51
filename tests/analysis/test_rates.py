"""Selection rates: hand-computed cases, published data, coverage by simulation."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from analysis.errors import NoChoicesError, NotEstimableError
from analysis.heterogeneity import overdispersion
from analysis.rates import (
    clustered,
    main_trials,
    participant_t,
    per_group,
    per_participant,
    rate_of,
    selection_rate,
    two_way,
)
from stimuli.manifest import Manifest

PAIR = ("OURS", "UNIFORM")
DATA = Path(os.environ.get("BF_VALIDATION_DATA", Path(__file__).parents[3] / "shared" / "data")) / "dynavect_long.csv"


def codes(*values: int) -> np.ndarray:
    """Return integer codes."""
    return np.array(values, dtype=np.int64)


def test_two_way_interval_equals_the_formula_by_hand() -> None:
    """Two people, two prompts: V_p = V_q = V_0 = 1/16, so V = 1/16; one degree of freedom; ends clipped."""
    estimate = two_way(np.array([1.0, 1.0, 1.0, 0.0]), codes(0, 0, 1, 1), codes(0, 1, 0, 1))

    # residuals .25 .25 .25 -.75, cluster sums +-.5: V_p = V_q = 2 * .5 / 16, V_0 = 4/3 * .75 / 16
    assert estimate.mean == 0.75
    assert estimate.se == pytest.approx(np.sqrt(2 * 0.5 / 16))
    assert estimate.interval.df == 1
    assert (estimate.interval.low, estimate.interval.high) == (0.0, 1.0)


def test_two_way_variance_adds_both_ways_without_the_cells() -> None:
    """Three people, three prompts, unguarded: V = V_p + V_q - V_0."""
    values = np.array([1, 1, 1, 1, 0, 0, 1, 0, 0], dtype=np.float64)
    residuals = (values - 5 / 9).reshape(3, 3)
    people, prompts = (1.5 * (residuals.sum(axis) ** 2).sum() / 81 for axis in (1, 0))
    cells = 9 / 8 * (residuals**2).sum() / 81

    estimate = two_way(values, codes(0, 0, 0, 1, 1, 1, 2, 2, 2), codes(0, 1, 2, 0, 1, 2, 0, 1, 2))

    assert estimate.se**2 == pytest.approx(max(people + prompts - cells, people, prompts))


def test_unanimous_choices_get_a_wilson_interval() -> None:
    """Where every choice is the same the sandwich is zero; Wilson with the smaller number of clusters stands in."""
    estimate = two_way(np.ones(12), np.repeat(np.arange(3), 4), np.tile(np.arange(4), 3))

    assert estimate.interval.low == pytest.approx(proportion_confint(3, 3, method="wilson")[0])
    assert estimate.interval.high == pytest.approx(1)
    assert "Wilson with n = 3" in estimate.interval.estimator


@pytest.mark.parametrize("people", [codes(0, 0), codes(0, 1)])
def test_one_cluster_gives_no_interval(people: np.ndarray) -> None:
    """With one participant or one prompt nothing can be said about new ones."""
    estimate = two_way(np.array([1.0, 0.0]), people, codes(0, 0))

    assert np.isnan(estimate.se)
    assert np.isnan(estimate.interval.low)


def test_participant_t_equals_the_textbook() -> None:
    """Rates .4 .6 .8: mean .6, SE .2 / sqrt 3, t(2) quantile 4.3027."""
    estimate = participant_t(np.array([0.4, 0.6, 0.8]))

    assert estimate.se == pytest.approx(0.2 / np.sqrt(3))
    assert estimate.interval.low == pytest.approx(0.6 - 4.302653 * 0.2 / np.sqrt(3))


@pytest.mark.parametrize(
    ("baseline", "two_way_ends", "phi"),
    [
        ("styleclip_o", (0.5285, 0.6491), 2.99),
        ("styleclip_g", (0.5497, 0.6572), 3.95),
        (None, (0.5468, 0.6454), 6.26),
    ],
)
def test_real_study_gives_the_known_intervals(
    baseline: str | None, two_way_ends: tuple[float, float], phi: float
) -> None:
    """The DynaVect study has the two-way intervals and the overdispersion that were computed independently."""
    trials = read_dynavect(baseline)
    people = per_participant(trials)
    interval = rate_of(trials, "selected").interval

    assert (interval.low, interval.high) == pytest.approx(two_way_ends, abs=5e-5)
    assert overdispersion(people["selected"].to_numpy(float), people["n"].to_numpy(float)) == pytest.approx(
        phi, abs=5e-3
    )


@pytest.mark.parametrize(("baseline", "t", "df"), [("styleclip_o", 3.133, 57), ("styleclip_g", 3.108, 56)])
def test_real_study_gives_the_known_participant_t(baseline: str, t: float, df: int) -> None:
    """The DynaVect study has the participant t that was computed independently."""
    estimate = participant_t(per_participant(read_dynavect(baseline))["rate"].to_numpy(float))

    assert (estimate.mean - 0.5) / estimate.se == pytest.approx(t, abs=5e-4)
    assert estimate.interval.df == df


def read_dynavect(baseline: str | None) -> pd.DataFrame:
    """Return real choices of 58 people between generated images (duriantaco/dynavect, CC BY 4.0), or skip."""
    if not DATA.is_file():
        pytest.skip(f"no validation data at {DATA}; name its folder in BF_VALIDATION_DATA")
    frame = pd.read_csv(DATA)
    frame = frame if baseline is None else frame[frame["baseline"] == baseline]
    columns = {"participant": frame["participant_id"], "prompt": frame["item_id"], "selected": frame["chosen_is_ours"]}
    return pd.DataFrame(columns)


def test_two_way_interval_covers_where_the_pooled_binomial_does_not() -> None:
    """72 people who all see the same 100 prompts: 95 % two-way intervals cover about 95 %, Wilson's about half."""
    rng, runs = np.random.default_rng(20261120), 400
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    truth = float(weights @ (1 / (1 + np.exp(-(0.45 + np.hypot(0.35, 0.6) * nodes)))) / weights.sum())
    people, prompts = np.repeat(np.arange(72), 100), np.tile(np.arange(100), 72)
    two_way_hits = wilson_hits = 0
    for _ in range(runs):
        logit = 0.45 + rng.normal(0, 0.35, 72)[people] + rng.normal(0, 0.6, 100)[prompts]
        values = (rng.random(7200) < 1 / (1 + np.exp(-logit))).astype(np.float64)
        interval = two_way(values, people, prompts).interval
        two_way_hits += interval.low <= truth <= interval.high
        low, high = proportion_confint(values.sum(), 7200, method="wilson")
        wilson_hits += low <= truth <= high

    assert 0.925 <= two_way_hits / runs <= 0.975
    assert wilson_hits / runs < 0.65


def test_only_decided_main_trials_of_the_pair_count(
    manifest: Manifest, choices_of: Callable[..., pd.DataFrame]
) -> None:
    """Ties and skips are dropped and counted; catch, repeat and identical trials never enter."""
    choices = choices_of(manifest)
    main = choices.index[choices["purpose"] == "main"]
    choices.loc[main[:3], ["response", "chosen"]] = ["tie", None]
    choices.loc[main[3], ["response", "chosen"]] = ["skip", None]
    choices.loc[main[4], "purpose"] = "identical"

    rate = selection_rate(choices, PAIR)

    assert (rate.n_choices, rate.n_ties, rate.n_skips) == (len(main) - 5, 3, 1)
    assert len(main_trials(choices, ("OURS", "REFERENCE"))) == 0


def test_order_of_rows_does_not_matter(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> None:
    """Shuffled rows give the same rate, SE and interval."""
    choices = choices_of(manifest)
    there = selection_rate(choices, PAIR)
    back = selection_rate(choices.sample(frac=1, random_state=1), PAIR)

    assert back.pooled.se == pytest.approx(there.pooled.se, rel=1e-12)
    assert (back.pooled.mean, back.sd) == pytest.approx((there.pooled.mean, there.sd), rel=1e-12)


def test_the_other_condition_gets_the_rest(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> None:
    """Counting the second condition mirrors the rate and its interval at one half."""
    choices = choices_of(manifest)
    ours, uniform = (selection_rate(choices, pair).pooled for pair in (PAIR, PAIR[::-1]))

    assert ours.mean + uniform.mean == pytest.approx(1)
    assert ours.interval.low + uniform.interval.high == pytest.approx(1)


def test_spread_error_and_interval_are_three_things(
    manifest: Manifest, choices_of: Callable[..., pd.DataFrame]
) -> None:
    """The SE of the participants' mean is SD over root n; the interval is wider than either SE says alone."""
    rate = selection_rate(choices_of(manifest), PAIR)

    assert rate.by_participant.se == pytest.approx(rate.sd / np.sqrt(rate.n_participants))
    assert rate.pooled.interval.half_width > rate.pooled.se


def test_no_decided_main_trial_is_said(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> None:
    """Without a main trial there is one line that says so."""
    choices = choices_of(manifest).query("purpose == 'catch'")

    with pytest.raises(NoChoicesError, match="Found no decided main trial, expected at least one"):
        selection_rate(choices, PAIR)


def test_half_a_tie_counts_for_each(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> None:
    """With ties as halves, all ties give one half; skips are left out in any case."""
    choices = choices_of(manifest)
    main = choices["purpose"] == "main"
    choices.loc[main, ["response", "chosen"]] = ["tie", None]
    choices.loc[choices.index[main][0], "response"] = "skip"
    rate = selection_rate(choices, PAIR, ties="half")

    assert (rate.pooled.mean, rate.n_choices) == (0.5, main.sum() - 1)
    assert set(main_trials(choices, PAIR, "half")["left"]) == {0.5}


def test_prompts_that_are_all_there_are_give_a_one_way_interval() -> None:
    """Generalising over participants alone leaves out the prompts' variance, and takes the participants' freedom."""
    rng = np.random.default_rng(0)
    people, prompts = np.repeat(np.arange(30), 20), np.tile(np.arange(20), 30)
    values = (rng.random(600) < np.linspace(0.2, 0.9, 20)[prompts]).astype(np.float64)
    both, alone = two_way(values, people, prompts), clustered(values, [people])

    assert alone.se < both.se / 2
    assert (alone.interval.df, both.interval.df) == (29, 19)
    assert alone.interval.estimator == "cluster-robust t (participants)"


def test_cells_that_are_sorted_count_as_those_in_place() -> None:
    """Sparse codes take another path through the cells, and give the same variance."""
    rng = np.random.default_rng(1)
    people, prompts = rng.integers(0, 9, 50), rng.integers(0, 8, 50)
    values = rng.integers(0, 2, 50).astype(np.float64)

    assert two_way(values, people, prompts).se == pytest.approx(two_way(values, people, 1000 * prompts).se, rel=1e-12)


@pytest.mark.parametrize("values", [np.array([]), np.array([1.0, np.nan])])
def test_what_is_no_number_is_named(values: np.ndarray) -> None:
    """An empty sample and a missing value are errors, never a silent number."""
    with pytest.raises(NotEstimableError, match="selection rate found no value, or one that is not a number"):
        two_way(values, np.zeros(len(values), np.int64), np.arange(len(values)))


def test_each_group_has_three_intervals() -> None:
    """Wilson's and Jeffreys' hold the rate; the shrunk rate lies between it and the mean of all."""
    selected = ([1.0] * 5 + [0.0] * 15) * 2 + [1.0] * 38 + [0.0] * 2
    trials = pd.DataFrame({"participant": np.repeat(list("abcd"), 20), "selected": selected})
    table = per_group(trials)
    extreme = table.set_index("participant").loc["c"]

    assert (table["low"] <= table["rate"]).all()
    assert (table["jeffreys_high"] <= table["high"] + 0.01).all()
    assert trials["selected"].mean() < extreme["shrunk"] < extreme["rate"]
    assert extreme["shrunk_low"] < extreme["shrunk"] < extreme["shrunk_high"]

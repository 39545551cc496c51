"""The recovery benchmark knows its truth, and counts what holds it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from benchmarks import recovery
from benchmarks.planted import SD_PERSON, SD_PROMPT, Truth
from benchmarks.recovery import Run

RUN = Run(
    seed=0,
    rate=0.6,
    low=0.5,
    high=0.7,
    true_rate=0.65,
    left_low=0.4,
    left_high=0.6,
    true_left=0.5,
    bound=0.1,
    true_lapse=0.05,
)


def test_the_truth_is_what_many_observers_choose() -> None:
    """The rate and the share of left agree with a million simulated choices, lapses included."""
    rng, n = np.random.default_rng(0), 1_000_000
    truth = Truth(preference=0.4, bias=0.3, lapse=0.1)
    is_left = rng.random(n) < 0.5
    liked = truth.preference + rng.normal(0, SD_PERSON, n) + rng.normal(0, SD_PROMPT, n)
    looked = rng.random(n) < expit(liked + np.where(is_left, truth.bias, -truth.bias))
    chosen = np.where(rng.random(n) < truth.lapse, rng.random(n) < 0.5, looked)

    assert truth.rate == pytest.approx(chosen.mean(), abs=0.003)
    assert truth.left == pytest.approx((chosen == is_left).mean(), abs=0.003)


def test_an_observer_without_any_leaning_chooses_evenly() -> None:
    """No preference and no bias are one half of everything."""
    truth = Truth(preference=0.0, bias=0.0, lapse=0.05)

    assert (truth.rate, truth.left) == (pytest.approx(0.5), pytest.approx(0.5))


def test_a_missed_truth_is_counted() -> None:
    """The share falls with each run whose interval does not hold the truth."""
    runs = [replace(RUN, seed=seed, true_rate=0.9 if seed < 11 else 0.6) for seed in range(recovery.RUNS)]
    rate, left, lapse = recovery.figures(runs)

    assert (rate.value, rate.target, rate.holds) == (0.89, 0.9, False)
    assert left.holds
    assert lapse.holds


def test_a_broken_bench_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of this commit are read back, those of another are made again."""
    path = tmp_path / "runs.jsonl"
    recovery.keep(path, RUN)

    assert recovery.kept(path) == {0: RUN}
    monkeypatch.setattr(recovery, "facts", lambda: {"commit": "another"})
    assert recovery.kept(path) == {}
    assert recovery.kept(None) == {}

"""Findings: a planted preference is recovered; exclusions never hide careless answers."""

from collections.abc import Callable

import pandas as pd
import pytest

from analysis.findings import UNKNOWN_BOTS, analyse, budgets, observers
from analysis.plan import AnalysisPlan
from stimuli.manifest import Manifest

Make = Callable[..., pd.DataFrame]
PLAN = AnalysisPlan()
PAIR = ("OURS", "UNIFORM")


@pytest.mark.parametrize("planted", [0.3, 0.5, 0.75])
def test_a_planted_preference_is_recovered(manifest: Manifest, choices_of: Make, planted: float) -> None:
    """The interval holds the rate that the observers were made with."""
    interval = analyse(choices_of(manifest, p=planted, people=60), PAIR, PLAN).kept.pooled.interval

    assert interval.low <= planted <= interval.high


def test_careless_people_stay_in_the_bound(manifest: Manifest, choices_of: Make) -> None:
    """Removing whoever missed a catch trial does not lower the bound on careless answers."""
    choices = choices_of(manifest)
    clean = analyse(choices, PAIR, PLAN)
    choices.loc[(choices["participant"] == "P-0001") & (choices["purpose"] == "catch"), "correct"] = False
    found = analyse(choices, PAIR, PLAN)

    assert found.controls.catch is not None
    assert found.controls.catch.mean == 1.0
    assert found.lapse_bound > clean.lapse_bound


def test_seeds_of_a_prompt_are_one_cluster(manifest: Manifest, choices_of: Make) -> None:
    """Two items of one prompt count as one prompt."""
    choices = choices_of(manifest)
    merged = choices.replace({"prompt": {"a scene with 1 balls": "a scene with 0 balls"}})

    assert analyse(merged, PAIR, PLAN).kept.n_prompts == 9


def test_every_kind_of_observer_is_named(manifest: Manifest, choices_of: Make) -> None:
    """Both kinds are named where both took part, also among other flags; bots without a flag are called unknown."""
    choices = choices_of(manifest, people=2)
    mixed = choices.assign(flags=["slow,simulated-planted", *choices["flags"].iloc[1:]])

    assert [("metric" in words, "planted" in words) for words in observers(mixed)] == [(True, False), (False, True)]
    assert observers(choices.assign(flags="")) == (UNKNOWN_BOTS,)


def test_budgets_hold_each_prompt_once(manifest: Manifest) -> None:
    """Main and identical items give one row for each prompt; catch items none."""
    frame = budgets(manifest)

    assert len(frame) == 12
    assert frame["second"].unique().tolist() == [14]

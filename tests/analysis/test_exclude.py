"""Exclusions: declared, counted, blind to the conditions; modes never mixed."""

from collections.abc import Callable

import pandas as pd
import pytest

from analysis.errors import NoChoicesError
from analysis.exclude import BLIND, exclude, one_mode, screen
from stimuli.manifest import Manifest
from stimuli.studyfile import AnalysisTable

RULES = AnalysisTable()


@pytest.fixture
def choices(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Sixteen participants: P-0001 fails the catch trials, P-0002 is too fast, P-0003 does both."""
    frame = choices_of(manifest, mode="live")
    careless = frame["participant"].isin(["P-0001", "P-0003"]) & (frame["purpose"] == "catch")
    frame.loc[careless, "correct"] = False
    frame.loc[frame["participant"].isin(["P-0002", "P-0003"]), "rt_ms"] = 120.0
    return frame


def test_flow_counts_each_participant_once(choices: pd.DataFrame) -> None:
    """A participant who breaks two rules is removed by the first."""
    kept, flow = exclude(choices, RULES)

    assert flow.found == 16
    assert [(step.removed, step.remained) for step in flow.steps] == [(0, 16), (2, 14), (1, 13), (0, 13)]
    assert set(kept["participant"]) == set(flow.kept)
    assert not {"P-0001", "P-0002", "P-0003"} & set(flow.kept)


def test_rules_are_blind_to_conditions(choices: pd.DataFrame) -> None:
    """Whoever chose what, the same participants are kept; the rules see five columns."""
    swapped = choices.assign(chosen="REFERENCE", left_condition="X", right_condition="Y")

    assert exclude(swapped, RULES)[1].kept == exclude(choices, RULES)[1].kept
    assert not {"chosen", "left_condition", "right_condition"} & set(BLIND)


def test_participants_without_catch_trials_are_kept_and_counted(choices: pd.DataFrame) -> None:
    """The catch rule cannot judge whom it never saw; the flow says how many."""
    flow = exclude(choices[choices["purpose"] != "catch"], RULES)[1]

    assert flow.without_catch == len(flow.kept) == 14


def test_the_median_is_of_main_trials(choices: pd.DataFrame) -> None:
    """Slow catch trials do not save a participant who rushed through the main ones."""
    choices.loc[(choices["participant"] == "P-0002") & (choices["purpose"] != "main"), "rt_ms"] = 1e6

    assert screen(choices[BLIND]).loc["P-0002", "median_rt_ms"] == 120


@pytest.mark.parametrize(
    ("modes", "analysed", "dropped"),
    [
        (["bot"], "bot", set()),
        (["bot", "live"], "live", {"bot"}),
        (["preview", "pilot", "live"], "live", {"pilot", "preview"}),
        (["bot", "pilot"], "pilot", {"bot"}),
    ],
)
def test_modes_are_never_mixed(
    manifest: Manifest, choices_of: Callable[..., pd.DataFrame], modes: list[str], analysed: str, dropped: set[str]
) -> None:
    """One mode is analysed, the rest is dropped and counted; bots only where there is nobody else."""
    frame = pd.concat([choices_of(manifest, mode=mode, people=2) for mode in modes], ignore_index=True)
    rows, mode, counts = one_mode(frame)

    assert (mode, set(counts)) == (analysed, dropped)
    assert set(rows["mode"]) == {analysed}


def test_nobody_left_is_said(choices: pd.DataFrame) -> None:
    """Rules that exclude everybody give one line, not an empty report."""
    with pytest.raises(NoChoicesError, match="participant that passes the exclusion rules"):
        exclude(choices, AnalysisTable(min_median_rt_ms=1e9))


def test_one_side_only_is_excluded(choices: pd.DataFrame) -> None:
    """Whoever takes one side in ten main trials is excluded, whatever was on it; with nine, nothing can be said."""
    choices.loc[choices["participant"] == "P-0005", "response"] = "left"
    many = pd.concat([choices, choices.assign(trial_index=choices["trial_index"] + 100)])

    assert "P-0005" not in exclude(many, RULES)[1].kept
    few = many[many["purpose"] != "main"]
    few = pd.concat([few, many[many["purpose"] == "main"].groupby("participant").head(9)])
    assert "P-0005" in exclude(few, RULES)[1].kept


def test_second_sessions_and_flagged_trials_are_left_out(choices: pd.DataFrame) -> None:
    """A second visit counts for nothing; a declared flag leaves out its trial; both are counted."""
    again = choices[choices["participant"] == "P-0006"].assign(session="again")
    flagged = choices.assign(flags=["resumed,slow", *choices["flags"].iloc[1:]])
    rows, flow = exclude(pd.concat([flagged, again]), RULES.model_copy(update={"drop_flags": ("resumed",)}))

    assert (flow.second_sessions, flow.flagged_trials) == (len(again), 1)
    assert "again" not in set(rows["session"])


def test_single_rules_can_be_applied(choices: pd.DataFrame) -> None:
    """For a specification curve, one rule alone."""
    flow = exclude(choices, RULES, only=("min_median_rt_ms",))[1]

    assert [step.removed for step in flow.steps] == [2]

"""`[prolific]` in versions, and how a study stands."""

import pytest

from prolific_config.errors import NotConfirmedError, PolicyError, PublishedDiffersError
from prolific_config.models import AWAITING_REVIEW
from study_server import studies
from study_server.prolific import launching, recruitment
from study_server.prolific.standing import standing

URL = "https://lab.example"


def test_the_newest_version_holds(stage) -> None:
    """The same again is no new one; nothing that is frozen changes."""
    with stage.database.reading() as db:
        digest = studies.read_material(db, "tiny").study_digest

    assert [stage.say(reward="4.00"), stage.say(reward="4.00"), stage.say(reward="3.60")] == [True, False, True]
    with stage.database.reading() as db:
        assert str(recruitment.required_table(db, stage.material).reward_money) == "£3.60"
        assert studies.read_material(db, "tiny").study_digest == digest


def test_a_study_without_the_table_has_none(created, material) -> None:
    """It asks nobody on Prolific."""
    with created.reading() as db:
        assert recruitment.table_of(db, material) is None
        assert standing(db, material).pay is None


def test_how_a_study_stands_is_told_without_asking(stage) -> None:
    """Counts in Prolific's words, median minutes and hourly pay."""
    for minutes in (20, 30, 40):
        stage.take(AWAITING_REVIEW, minutes)
    stage.reconcile()
    stage.prolific.seen.clear()
    with stage.database.reading() as db:
        found = standing(db, stage.material)

    assert found.counts == {AWAITING_REVIEW: 3}
    assert (found.pay.median_minutes, str(found.pay.hourly)) == (30, "£7.20")
    assert stage.prolific.seen == []


def test_publishing_twice_spends_once(stage) -> None:
    """The second time there is nothing to type."""
    launching.publish(*stage.parts, URL, "", "anna")

    assert len(stage.prolific.calls("publish-study")) == 1


def test_more_places_are_paid_for_and_nothing_else_changes(stage) -> None:
    """Only the amount of the new places adds them; another reward is refused."""
    stage.say(places=8)
    with pytest.raises(NotConfirmedError):
        launching.publish(*stage.parts, URL, "y", "anna")
    grown = launching.publish(*stage.parts, URL, "10.08", "anna")
    assert grown.total_available_places == 8
    stage.say(places=8, reward="4.00")
    with pytest.raises(PublishedDiffersError, match="reward"):
        launching.publish(*stage.parts, URL, "", "anna")


def test_pay_below_the_minimum_is_not_drafted(stage) -> None:
    """Policy refuses before anything is sent."""
    stage.say(reward="1.00")
    stage.prolific.seen.clear()
    with pytest.raises(PolicyError, match="below the minimum"):
        launching.draft(*stage.parts, URL)

    assert stage.prolific.seen == []


def test_a_study_is_paused_and_started(stage) -> None:
    """On Prolific; who is inside finishes."""
    assert launching.change(*stage.parts, "PAUSE", "anna").status == "PAUSED"
    assert launching.change(*stage.parts, "START", "anna").status == "ACTIVE"

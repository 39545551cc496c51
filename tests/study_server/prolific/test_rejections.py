"""Rejecting: the evidence is what is stored, and policy decides."""

import pytest

from prolific_config.errors import RejectionError
from prolific_config.models import AWAITING_REVIEW, REJECTED, RETURNED
from study_server.errors import SubmissionStateError
from study_server.prolific import rejections

LONG = "You gave no answer at all to any of the comparisons, so that there is nothing which we could pay for. Sorry."


@pytest.fixture
def idle(stage):
    """Somebody who came, answered nothing, and waits for the decision."""
    key = stage.take()
    stage.arrive(key)
    stage.world.move(key, AWAITING_REVIEW)
    stage.reconcile()
    return key


def reject(stage, key, ground="no_data", message=LONG):
    """Reject a submission."""
    rejections.reject(*stage.parts, key, ground, message, "anna")


def test_who_gave_no_data_may_be_rejected(stage, idle) -> None:
    """With the category that Prolific has for it."""
    reject(stage, idle)
    stage.reconcile()

    assert stage.row(idle).status == REJECTED
    assert stage.prolific.calls("transition-submission")[0].body["rejection_category"] == "NO_DATA"


@pytest.mark.parametrize(
    ("ground", "message", "fault"),
    [
        ("no_data", "Bad.", "the participant is owed at least 100"),
        ("catch_trials", LONG, "is no ground for a rejection"),
        ("failed_instruction_checks", LONG, r"0 instruction check\(s\) failed, and 15 minutes take 2"),
        ("exceptionally_fast", LONG, "1 submissions cannot say what is too fast"),
    ],
)
def test_what_policy_does_not_allow_is_refused(stage, idle, ground, message, fault) -> None:
    """And nothing is sent."""
    with pytest.raises(RejectionError, match=fault):
        reject(stage, idle, ground, message)

    assert stage.prolific.calls("transition-submission") == []


def test_who_answered_is_not_rejected_for_no_data(stage, use_cases) -> None:
    """The stored answers are the evidence."""
    key = stage.take()
    person = stage.world.submission(key)["participant"]
    desk = use_cases(stage.database)
    _, bearer = desk.enter(person)
    desk.answer(bearer, 0)
    stage.arrive(key)
    stage.world.move(key, AWAITING_REVIEW)
    stage.reconcile()
    with pytest.raises(RejectionError, match="1 answers are stored"):
        reject(stage, key)


def test_who_does_not_wait_is_not_rejected(stage, idle) -> None:
    """A returned submission is nobody's to reject."""
    stage.world.move(idle, RETURNED)
    stage.reconcile()
    with pytest.raises(SubmissionStateError, match="found RETURNED, expected AWAITING REVIEW"):
        reject(stage, idle)

"""Approving and asking for returns."""

import pytest

from prolific_config.errors import NotConfirmedError, UnknownOutcomeError
from prolific_config.models import APPROVED, AWAITING_REVIEW, RETURNED
from study_server.errors import SubmissionStateError
from study_server.prolific import approvals


@pytest.fixture
def waiting(stage):
    """Three who wait: two with the code of a complete study."""
    codes = (stage.codes["completed"], stage.codes["completed"], stage.codes["withdrawn"])
    ids = [stage.take(AWAITING_REVIEW, 15, code) for code in codes]
    stage.reconcile()
    return ids


def approve(stage, ids, typed):
    """Approve."""
    return approvals.approve(*stage.parts, ids, typed, "anna")


def test_who_waits_is_sorted_by_the_code(stage, waiting) -> None:
    """From what is stored; nobody is asked."""
    stage.prolific.seen.clear()
    with stage.database.reading() as db:
        review = approvals.waiting(db, stage.material)

    assert [given.id for given in review.complete] == waiting[:2]
    assert [given.id for given in review.others] == waiting[2:]
    assert stage.prolific.seen == []


def test_they_are_approved_after_the_amount_was_typed(stage, waiting) -> None:
    """A second time nothing is sent."""
    assert str(approvals.propose(*stage.parts, waiting[:2]).amount) == "£7.20"
    approve(stage, waiting[:2], "7.20")
    stage.reconcile()
    assert approve(stage, waiting[:2], "").ids == ()

    assert [stage.row(key).status for key in waiting] == [APPROVED, APPROVED, AWAITING_REVIEW]
    assert len(stage.prolific.calls("bulk-approve-submissions")) == 1


@pytest.mark.parametrize("typed", ["", "yes", "3.60", "720"])
def test_another_amount_approves_nobody(stage, waiting, typed) -> None:
    """Nothing is sent."""
    with pytest.raises(NotConfirmedError):
        approve(stage, waiting[:2], typed)

    assert stage.prolific.calls("bulk-approve-submissions") == []


def test_who_does_not_wait_is_not_approved(stage, waiting) -> None:
    """Neither is anybody who was named together with them."""
    stage.world.move(waiting[0], RETURNED)
    stage.reconcile()
    for wrong in (waiting[0], "5" * 24):
        with pytest.raises(SubmissionStateError, match="expected AWAITING REVIEW or APPROVED"):
            approve(stage, [waiting[1], wrong], "3.60")

    assert stage.prolific.calls("bulk-approve-submissions") == []


def test_an_approval_whose_answer_was_lost_is_made_once(stage, waiting) -> None:
    """After reconciling nobody waits."""
    stage.prolific.faults.plan("bulk-approve-submissions", "away after commit")
    with pytest.raises(UnknownOutcomeError):
        approve(stage, waiting[:1], "3.60")
    stage.reconcile()

    assert approve(stage, waiting[:1], "").ids == ()


def test_a_return_is_asked_for(stage, waiting) -> None:
    """Of who waits, and of nobody else."""
    approvals.request_returns(*stage.parts, waiting[2:], ["You left early."], "anna")
    stage.reconcile()
    with pytest.raises(SubmissionStateError):
        approvals.request_returns(*stage.parts, ["5" * 24], ["Why."], "anna")

    assert stage.row(waiting[2]).return_requested_at is not None
    assert len(stage.prolific.calls("request-submission-return")) == 1

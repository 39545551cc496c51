"""Whose answers are erased is no submission's any more."""

from prolific_config.models import AWAITING_REVIEW
from study_server import privacy
from study_server.models import Session
from study_server.prolific.tables import Submission
from study_server.verification import verify

TIES = ("session_id", "arrived_at", "status_at", "listed_at", "started_at", "completed_at", "code")


def ties(row: Submission) -> set[object]:
    """Return what leads from a submission to a visit."""
    return {getattr(row, name) for name in TIES}


def test_erasure_cuts_every_tie_and_polling_ties_none(stage) -> None:
    """The chains hold, and nothing disagrees about somebody who is forgotten."""
    key = stage.take()
    visit = stage.arrive(key)
    stage.reconcile()
    stage.database.write(lambda db: privacy.erase(db, db.get_one(Session, visit.id), "anna"))
    stage.world.move(key, AWAITING_REVIEW)
    found = stage.reconcile()

    assert ties(stage.row(key)) == {None}
    assert found.discrepancies == []
    with stage.database.reading() as db:
        assert verify(db).faults == []


def test_anonymising_a_study_cuts_the_ties_of_all(stage) -> None:
    """Its submissions stay, for whoever keeps the books."""
    keys = [stage.take() for _ in range(3)]
    for key in keys:
        stage.arrive(key)
    stage.reconcile()
    stage.database.write(lambda db: privacy.anonymise(db, stage.material, "anna"))

    assert [ties(stage.row(key)) for key in keys] == [{None}] * 3

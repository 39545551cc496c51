"""Rejecting one submission through the form that enforces policy; the evidence comes from what is stored."""

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from prolific_config.client import Client
from prolific_config.models import AWAITING_REVIEW
from prolific_config.rejection import CATEGORIES, Evidence, checked
from study_server import audit
from study_server.checks import is_correct
from study_server.db import Database
from study_server.errors import SubmissionStateError
from study_server.models import Answer, Trial
from study_server.prolific import recruitment, submissions
from study_server.prolific.tables import Submission
from study_server.studies import Material

GROUNDS = tuple(CATEGORIES)
"""What a rejection may rest on; the form offers no other."""


def evidence(db: Db, material: Material, external_id: str) -> Evidence:
    """Return what is known of a submission that waits for a decision.

    Raises:
        SubmissionStateError: If it is not known or does not wait.
    """
    rows = {row.external_id: row for row in submissions.every(db, material)}
    row = rows.get(external_id)
    if row is None or row.status != AWAITING_REVIEW:
        raise SubmissionStateError(external_id, row.status if row else "nothing known of it", AWAITING_REVIEW)
    given = _given(db, row)
    times = {key: _seconds(one) for key, one in rows.items() if one.started_at and one.completed_at}
    return Evidence(
        minutes=recruitment.required_table(db, material).minutes,
        checks_failed=sum(t.purpose == "check" and not is_correct(material, t, a.response) for t, a in given),
        seconds=times.get(external_id, float("inf")),
        seconds_of_all=list(times.values()),
        answers=len(given),
    )


def reject(
    database: Database, client: Client, material: Material, external_id: str, ground: str, message: str, actor: str
) -> None:
    """Reject a submission if policy allows it; whether its data are used is another decision.

    Args:
        database: Of the study.
        client: To Prolific.
        material: The study.
        external_id: Of the submission on Prolific.
        ground: One of `GROUNDS`.
        message: To the participant, at least 100 characters.
        actor: Who rejects.

    Raises:
        RejectionError: Naming everything that speaks against it; nothing was sent.
        SubmissionStateError: If the submission does not wait for a decision.
    """
    with database.reading() as db:
        rejection = checked(ground, message, evidence(db, material, external_id))
    database.write(lambda db: audit.record(db, "reject", {"study": material.name, "ground": ground}, actor))
    client.reject(external_id, rejection)


def _given(db: Db, row: Submission) -> list[tuple[Trial, Answer]]:
    of_visit = select(Trial, Answer).join(Answer, Answer.trial_id == Trial.id)
    found = db.execute(of_visit.where(Answer.session_id == row.session_id)) if row.session_id is not None else ()
    return [(trial, answer) for trial, answer in found]


def _seconds(row: Submission) -> float:
    assert row.started_at is not None  # noqa: S101 - the caller has looked
    assert row.completed_at is not None  # noqa: S101
    return (row.completed_at - row.started_at).total_seconds()

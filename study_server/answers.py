"""Storing an answer: durable before it is acknowledged, exactly once, the first one stands.

The way of an answer is two statements in one transaction: move the head of the session's chain (which is also the
lock that keeps two answers of one session apart), and insert the row. What is already there makes the second fail,
and only then is looked at.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Db

from study_server import audit
from study_server.chain import answer_content, leaf_of, linked, new_salt
from study_server.db import Database
from study_server.errors import AnswerConflictError, TrialUnknownError, VisitUnknownError
from study_server.models import Answer, Session, Trial
from study_server.plans import PlannedRow, Plans
from study_server.submission import Submission

_MOVE_HEAD = (
    update(Session)
    .where(
        Session.bearer_sha256 == bindparam("bearer"),
        Session.study_id == bindparam("study"),
        Session.state == "consented",
    )
    .values(position=Session.position + 1, head=linked(Session.head, bindparam("leaf")))
    .returning(Session.id, Session.slot_id, Session.position, Session.head)
)
_INSERT = insert(Answer).inline()


class Facts(TypedDict):
    """The columns of an answer that come from its submission."""

    uuid: str
    response: str
    rt_ms: float
    shown_at: datetime
    answered_at: datetime
    flags: str


@dataclass(frozen=True)
class Stored:
    """An answer that is on the disk.

    Args:
        uuid: The client's.
        trial: What was answered.
        response: The side.
        is_new: Whether it was stored now; else it was there before.
    """

    uuid: str
    trial: PlannedRow
    response: str
    is_new: bool


def store(database: Database, plans: Plans, study_id: int, bearer: str, submission: Submission) -> Stored:
    """Store an answer; the same submission again returns the stored one.

    Args:
        database: Where to.
        plans: The trials of every slot.
        study_id: The study in the address.
        bearer: SHA-256 of what the window holds.
        submission: What it says.

    Raises:
        VisitUnknownError: If the bearer opens no visit of this study that takes answers.
        TrialUnknownError: If the visit has no such trial.
        AnswerConflictError: If the trial has another answer, or the id was used for another trial.
    """
    visit = {"bearer": bearer, "study": study_id}
    facts = _facts(submission, datetime.now(UTC))

    def add() -> Stored | None:
        try:
            with database.connecting() as connection:
                return _add(connection, plans, visit, submission.trial, facts)
        except IntegrityError:  # the trial, or the client's id, has an answer
            return None

    stored = database.trying(add) or database.write(lambda db: _look(db, visit, submission))
    if stored is None:
        raise AnswerConflictError(submission.trial)
    return stored


def _add(
    connection: Connection, plans: Plans, visit: dict[str, object], trial_index: int, facts: Facts
) -> Stored | None:
    """Insert an answer; return none where no visit takes answers under this bearer."""
    salt = new_salt()
    leaf = leaf_of(salt, answer_content(trial_index=trial_index, **facts))
    moved = connection.execute(_MOVE_HEAD, {**visit, "leaf": leaf}).first()
    if moved is None:
        return None
    trial = plans.trial(connection, moved.slot_id, trial_index)
    chained = {"position": moved.position, "salt": salt, "link": moved.head}
    connection.execute(_INSERT, {**facts, **chained, "session_id": moved.id, "trial_id": trial.id})
    return Stored(facts["uuid"], trial, facts["response"], is_new=True)


def _look(db: Db, visit: dict[str, object], submission: Submission) -> Stored | None:
    """Return the stored answer if this is it again, else none, and leave a mark in the session's chain."""
    of_bearer = select(Session).where(Session.bearer_sha256 == visit["bearer"], Session.study_id == visit["study"])
    session = db.scalar(of_bearer.with_for_update(of=Session))
    if session is None:
        raise VisitUnknownError
    trial = db.scalar(select(Trial).where(Trial.slot_id == session.slot_id, Trial.trial_index == submission.trial))
    if trial is None:
        raise TrialUnknownError(submission.trial)
    there = db.scalar(select(Answer).where(Answer.session_id == session.id, Answer.trial_id == trial.id))
    if there is not None and _says(there) == (str(submission.uuid), submission.response, submission.rt_ms):
        return Stored(there.uuid, PlannedRow.of(trial), there.response, is_new=False)
    if there is None and session.state != "consented":
        raise VisitUnknownError
    refused = {"trial": submission.trial, "uuid": str(submission.uuid), "response": submission.response}
    audit.record_in(db, session, "conflict", refused)
    return None


def _says(answer: Answer) -> tuple[str, str, float]:
    return answer.uuid, answer.response, answer.rt_ms


def _facts(submission: Submission, now: datetime) -> Facts:
    return Facts(
        uuid=str(submission.uuid),
        response=submission.response,
        rt_ms=submission.rt_ms,
        shown_at=submission.shown_at.astimezone(UTC),
        answered_at=now,
        flags=",".join(submission.flags),
    )

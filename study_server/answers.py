"""Storing an answer: durable before it is acknowledged, exactly once, the first one stands.

The way of an answer moves the head of its session's chain, which is also the lock that keeps two answers of one
session apart, and inserts the row. What is already there makes the second fail, and only then is looked at.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypedDict, cast

from sqlalchemy import Insert, Table, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Db

from study_server import audit
from study_server.chain import answer_content, leaf_of, linked, new_salt
from study_server.db import Database
from study_server.errors import AnswerConflictError, TrialUnknownError, VisitUnknownError
from study_server.models import Answer, Session, Trial
from study_server.plans import PlannedRow, Plans
from study_server.submission import Submission

_SESSION, _ANSWER = cast(Table, Session.__table__), cast(Table, Answer.__table__)
_OPEN = (
    Session.bearer_sha256 == bindparam("bearer"),
    Session.study_id == bindparam("study"),
    Session.state == "consented",
    Trial.slot_id == Session.slot_id,
    Trial.trial_index == bindparam("trial"),
)
_CHAINED = {"position": Session.position + 1, "head": linked(Session.head, bindparam("leaf"))}
_GIVEN = ("uuid", "response", "rt_ms", "shown_at", "answered_at", "flags", "salt")


def _in_one_statement() -> Insert:
    """Return the way of an answer on PostgreSQL: lock and move the head, insert the row, all in one statement."""
    session, trial = _SESSION.c, Trial.__table__.c
    moved = (
        update(_SESSION)
        .where(*_OPEN)
        .values(_CHAINED)
        .returning(session.id.label("session"), trial.id.label("trial"), session.position, session.head)
        .cte("moved")
    )
    # Not called like the columns: SQLAlchemy would take them for values of its own.
    given = [bindparam(f"its_{name}", type_=_ANSWER.c[name].type) for name in _GIVEN]
    row = select(moved.c.session, moved.c.trial, moved.c.position, moved.c.head, *given)
    names = ["session_id", "trial_id", "position", "link", *_GIVEN]
    return insert(_ANSWER).from_select(names, row).returning(_ANSWER.c.trial_id)


_STORE = str(_in_one_statement().compile(dialect=postgresql.psycopg.dialect()))  # type: ignore[no-untyped-call]
_FIXED = {"position_1": 1, "state_1": "consented"}
"""Compiled once: an answer has no time for building statements."""
_MOVE = (
    update(_SESSION)
    .where(*_OPEN[:3])
    .values(_CHAINED)
    .returning(_SESSION.c.id, _SESSION.c.slot_id, _SESSION.c.position, _SESSION.c.head)
)
_INSERT = insert(_ANSWER).inline()


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

    way = _add_on_sqlite if database.is_sqlite else _add
    salt = new_salt()
    leaf = leaf_of(salt, answer_content(trial_index=submission.trial, **facts))
    row = {**visit, **facts, "trial": submission.trial, "salt": salt, "leaf": leaf}

    def add() -> PlannedRow | None:
        try:
            return way(database, plans, row)
        except IntegrityError:  # the trial, or the client's id, has an answer
            return None

    trial = database.trying(add)
    if trial is not None:
        return Stored(facts["uuid"], trial, facts["response"], is_new=True)
    stored = database.write(lambda db: _look(db, visit, submission))
    if stored is None:
        raise AnswerConflictError(submission.trial)
    return stored


def _add(database: Database, plans: Plans, row: dict[str, object]) -> PlannedRow | None:
    """Insert an answer on PostgreSQL; return none where no visit takes it."""
    given = {f"its_{name}": row[name] for name in _GIVEN}
    where = {name: row[name] for name in ("bearer", "study", "trial", "leaf")}
    found = database.at_once(_STORE, {**_FIXED, **where, **given})
    return None if found is None else plans.of_id(database, found[0])


def _add_on_sqlite(database: Database, plans: Plans, row: dict[str, object]) -> PlannedRow | None:
    """Insert an answer on SQLite, which has no statement that changes two tables; the same otherwise."""
    with database.connecting() as connection:
        moved = connection.execute(_MOVE, {name: row[name] for name in ("bearer", "study", "leaf")}).first()
        if moved is None:
            return None
        trial = plans.trial(connection, moved.slot_id, int(str(row["trial"])))
        chained = {"session_id": moved.id, "trial_id": trial.id, "position": moved.position, "link": moved.head}
        connection.execute(_INSERT, {**{name: row[name] for name in _GIVEN}, **chained})
        return trial


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

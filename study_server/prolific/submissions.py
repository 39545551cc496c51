"""What is known of each submission: from arrivals, events and polls, in whatever order they come; the newest holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from prolific_config.models import ACTIVE, RETURNED, TIMED_OUT
from prolific_config.models import Submission as Given
from study_server import sessions
from study_server.models import Identity, Session
from study_server.prolific.tables import Submission, Webhook
from study_server.studies import Material

ENDS = {RETURNED: "returned", TIMED_OUT: "timed_out"}
"""How a lease ends when Prolific gives a place to somebody else."""

LONGEST_CODE = 200
_IN_USE = ("started", "consented", "finished")


@dataclass(frozen=True)
class Word:
    """A status, and how new that word is: when it was true, and the event that said so (none: a poll)."""

    status: str
    at: datetime
    event_id: str = ""


def every(db: Db, material: Material) -> list[Submission]:
    """Return what is known of all submissions of a study, the first to be known first."""
    return list(db.scalars(select(Submission).where(Submission.study_id == material.study_id).order_by(Submission.id)))


def find(db: Db, external_id: str) -> Submission | None:
    """Return one submission, and let nobody else change it, or make it, until this transaction ends.

    An event and the arrival of its person may come at the same moment: whichever is second sees what the first wrote.
    """
    if db.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time
        db.execute(select(func.pg_advisory_xact_lock(func.hashtext(external_id))))
    return db.scalar(select(Submission).where(Submission.external_id == external_id).with_for_update())


def arrive(db: Db, session: Session, external_id: str, now: datetime) -> Submission:
    """Note with which submission somebody has come; events that came before the person are acted on now.

    A submission whose visit is in use stays with it: whoever comes with somebody else's id takes nothing away.
    """
    row = find(db, external_id) or _new(db, session.study_id, external_id)
    if row.session_id is not None and db.get_one(Session, row.session_id).state in _IN_USE:
        return row
    row.session_id, row.arrived_at, row.is_forgotten = session.id, now, False
    db.flush()
    _act(db, row, now)
    _catch_up(db, row)
    return row


def hear(db: Db, row: Submission, word: Word) -> bool:
    """Believe a word if it is newer than what is known; return whether it was."""
    if row.is_forgotten or not _is_newer(word, row):
        return False
    row.status, row.status_at, row.event_id = word.status, word.at, word.event_id
    db.flush()
    _act(db, row, word.at)
    return True


def poll(db: Db, study_id: int, given: Given, at: datetime) -> tuple[bool, bool]:
    """Learn what Prolific's list says of one submission.

    Args:
        db: In a writing transaction.
        study_id: Of ours.
        given: As it was listed.
        at: A moment before the list was asked for.

    Returns:
        Whether the submission is new to us, and whether its status is.
    """
    row = find(db, given.id)
    is_new = row is None
    if row is None:
        row = _new(db, study_id, given.id)
        _catch_up(db, row)
    if row.is_forgotten:
        return False, False
    row.listed_at, row.started_at, row.completed_at = at, given.started_at, given.completed_at
    row.code = given.study_code[:LONGEST_CODE] if given.study_code else None
    row.return_requested_at = given.return_requested
    if row.session_id is None:
        _match(db, row, given.participant_id)
    before = row.status
    hear(db, row, Word(given.status, at))
    return is_new, not is_new and row.status != before


def current(rows: Sequence[Submission]) -> dict[int, Submission]:
    """Return the submission of each visit, by the session's id: the last one with which its person came."""
    last: dict[int, Submission] = {}
    for row in sorted(rows, key=_arrival):
        if row.session_id is not None:
            last[row.session_id] = row
    return last


def as_given(row: Submission) -> Given:
    """Return what is known in Prolific's form; who it is stands in no submission of ours."""
    started = row.started_at or row.arrived_at or row.status_at
    assert started is not None  # noqa: S101 - it was heard of somehow
    return Given(
        id=row.external_id,
        participant_id="",
        status=row.status,
        started_at=started,
        completed_at=row.completed_at,
        study_code=row.code,
        return_requested=row.return_requested_at,
    )


def _new(db: Db, study_id: int, external_id: str) -> Submission:
    row = Submission(study_id=study_id, external_id=external_id, status=ACTIVE, event_id="", is_forgotten=False)
    db.add(row)
    db.flush()
    return row


def _is_newer(word: Word, row: Submission) -> bool:
    return row.status_at is None or (word.at, word.event_id) > (row.status_at, row.event_id)


def _catch_up(db: Db, row: Submission) -> None:
    """Hear the newest event that came before the submission was known to be of this study."""
    of_row = select(Webhook).where(Webhook.resource_id == row.external_id, Webhook.status.is_not(None))
    last = db.scalar(of_row.order_by(Webhook.happened_at.desc(), Webhook.event_id.desc()).limit(1))
    if last is not None and last.status is not None:
        hear(db, row, Word(last.status, last.happened_at, last.event_id))


def _match(db: Db, row: Submission, participant_id: str) -> None:
    """Find the visit of somebody who came without the submission's id in the address."""
    of_person = select(Identity.participant_id).where(
        Identity.study_id == row.study_id, Identity.external_id == participant_id
    )
    session = db.scalar(select(Session).where(Session.participant_id.in_(of_person)))
    if session is not None:
        row.session_id, row.arrived_at = session.id, row.started_at
        db.flush()
        _act(db, row, row.started_at or session.started_at)


def _act(db: Db, row: Submission, now: datetime) -> None:
    """Give the place back if Prolific gave it to somebody else, unless the person has come again since."""
    if row.status not in ENDS or row.session_id is None:
        return
    of_session = select(Submission).where(Submission.session_id == row.session_id)
    if current(list(db.scalars(of_session)))[row.session_id].id == row.id:
        sessions.give_back(db, db.get_one(Session, row.session_id), ENDS[row.status], now)


def _arrival(row: Submission) -> tuple[float, int]:
    return (row.arrived_at.timestamp() if row.arrived_at else 0.0, row.id)

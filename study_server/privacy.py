"""Forgetting: erase what one person gave, or who all of them were.

Erasure takes rows and salts, and leaves tombstones: the chains still hold, and say what is gone.
"""

from datetime import UTC, datetime

from sqlalchemy import Delete, delete, select, text, update
from sqlalchemy.orm import Session as Db

from study_server import audit, states
from study_server.chain import answer_content, leaf_of
from study_server.db import Database
from study_server.errors import UnknownParticipantError
from study_server.ledger import Audit, Event
from study_server.models import Answer, Identity, Lease, Participant, Session, Slot, Study, Trial
from study_server.prolific import forgetting
from study_server.prolific.tables import Submission
from study_server.studies import Material


def find(db: Db, material: Material, who: str) -> Session:
    """Return the session of a participant by pseudonym or external id.

    Raises:
        UnknownParticipantError: If there is none.
    """
    of_study = select(Session).join(Participant).where(Participant.study_id == material.study_id)
    named = db.scalar(of_study.where(Participant.pseudonym == who))
    known = of_study.join(Identity, Identity.participant_id == Participant.id).where(Identity.external_id == who)
    found = named or db.scalar(known)
    if found is None:
        raise UnknownParticipantError(material.name)
    return found


def erase(db: Db, session: Session, actor: str) -> int:
    """Erase the answers, events and identity of one session, free its slot, and return how many answers went."""
    db.flush()
    db.refresh(session, with_for_update={"of": Session})
    rows = db.execute(
        select(Answer, Trial.trial_index)
        .join(Trial, Answer.trial_id == Trial.id)
        .where(Answer.session_id == session.id)
    )
    answers = [(answer, trial_index) for answer, trial_index in rows]
    db.add_all(_tombstone(session, answer, trial_index) for answer, trial_index in answers)
    for table in (Answer, Event):
        db.execute(delete(table).where(table.session_id == session.id))
    db.execute(update(Audit).where(Audit.session_id == session.id).values(detail=None, salt=None))
    db.execute(_identity(session))
    forgetting.forget(db, Submission.session_id == session.id)
    _free(db, session)
    session.state, session.bearer_sha256, session.flags = "withdrawn", None, ""
    audit.record(db, "erase", {"session": session.id, "answers": len(answers)}, actor)
    return len(answers)


def anonymise(db: Db, material: Material, actor: str) -> int:
    """Forget who the participants of a study were; return how many. Their answers stay, under pseudonyms."""
    gone = db.execute(delete(Identity).where(Identity.study_id == material.study_id).returning(Identity.id)).all()
    forgetting.forget(db, Submission.study_id == material.study_id)
    if gone:
        audit.record(db, "anonymise", {"study": material.name, "identities": len(gone)}, actor)
    return len(gone)


def retain(db: Db, material: Material, until: datetime, actor: str) -> None:
    """Set the date after which `due` names a study."""
    db.execute(update(Study).where(Study.id == material.study_id).values(retain_until=until))
    audit.record(db, "retain", {"study": material.name, "until": until.date().isoformat()}, actor)


def due(db: Db, now: datetime | None = None) -> tuple[str, ...]:
    """Return the names of studies that are past their retention date and still know somebody."""
    past = select(Study.name).where(Study.retain_until < (now or datetime.now(UTC)))
    known = select(Identity.id).where(Identity.study_id == Study.id)
    return tuple(db.scalars(past.where(known.exists()).order_by(Study.id)))


def scrub(database: Database) -> None:
    """Let the database overwrite or release what was deleted, so that its files do not remember it either."""
    with database.engine.connect() as connection:
        apart = connection.execution_options(isolation_level="AUTOCOMMIT")
        if database.is_sqlite:
            apart.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in ("answer", "audit", "event", "identity", "submission", "webhook"):
            apart.execute(text(f'VACUUM "{table}"'))


def _identity(session: Session) -> Delete:
    return delete(Identity).where(Identity.participant_id == session.participant_id)


def _tombstone(session: Session, answer: Answer, trial_index: int) -> Audit:
    content = answer_content(
        trial_index=trial_index,
        uuid=answer.uuid,
        response=answer.response,
        rt_ms=answer.rt_ms,
        shown_at=answer.shown_at,
        answered_at=answer.answered_at,
        flags=answer.flags,
    )
    return Audit(
        session_id=session.id,
        position=answer.position,
        what="erased",
        actor=audit.SYSTEM,
        detail=None,
        salt=None,
        leaf=leaf_of(answer.salt, content),
        link=answer.link,
        happened_at=datetime.now(UTC),
    )


def _free(db: Db, session: Session) -> None:
    """Give the slot to somebody else, also if it was finished: its answers are gone."""
    if session.slot_id is None:
        return
    slot = db.scalars(select(Slot).where(Slot.id == session.slot_id).with_for_update()).one()
    held = select(Lease).where(Lease.session_id == session.id, (Lease.ended.is_(None)) | (Lease.ended == "finished"))
    lease = db.scalar(held.execution_options(populate_existing=True))
    if lease is not None:
        lease.ended, lease.ended_at = "withdrawn", datetime.now(UTC)
        db.flush()
        slot.state, slot.expires_at = "free", None
        states.reopen(db, session.study_id)

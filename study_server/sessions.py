"""Use cases of a visit: start, consent, decline, answer, finish.

Each runs inside one writing transaction of the caller; what it returns may be acknowledged after that has committed.
"""

import hashlib
import secrets
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Mode
from study_server.errors import AnswerConflictError, PlacesTakenError, UnfinishedError
from study_server.models import Answer, Identity, Participant, Session, Slot, Study, Trial
from study_server.slots import better_condition, plan
from study_server.studies import Material
from study_server.submission import Submission

LIMITED_MODES = ("pilot", "live")


def start(db: Db, material: Material, mode: Mode, external_id: str | None = None, flags: str = "") -> Session:
    """Begin a visit on the lowest free slot; a known external id comes back to its own session.

    Raises:
        PlacesTakenError: If every place is leased.
    """
    db.execute(select(Study.id).where(Study.id == material.study_id).with_for_update())  # one arrival at a time
    known = _known(db, material, external_id)
    if known is not None:
        return known
    slot = _lowest_free_slot(db, material, mode)
    participant = Participant(study_id=material.study_id, pseudonym=_next_pseudonym(db, material), mode=mode)
    db.add(participant)
    db.flush()
    session = Session(
        token=secrets.token_hex(16),
        study_id=material.study_id,
        participant_id=participant.id,
        slot_number=slot.number,
        state="started",
        flags=flags,
        started_at=datetime.now(UTC),
    )
    db.add(session)
    db.flush()
    slot.session_id = session.id
    if external_id:
        db.add(Identity(study_id=material.study_id, external_id=external_id, participant_id=participant.id))
    return session


def find(db: Db, token: str) -> Session | None:
    """Return the session with this token, if any."""
    return db.scalar(select(Session).where(Session.token == token))


def agree(db: Db, material: Material, session: Session) -> None:
    """Record consent to the text as it stands, and plan the trials; doing it again changes nothing."""
    _lock(db, session)
    if session.state != "started":
        return
    session.state = "consented"
    session.consented_at = datetime.now(UTC)
    session.consent_sha256 = hashlib.sha256(material.study.texts.consent.encode()).hexdigest()
    trials = plan(material.manifest, material.study.design, session.slot_number)
    db.add_all(Trial(session_id=session.id, **vars(trial)) for trial in trials)


def decline(db: Db, session: Session) -> None:
    """End a visit before consent: forget who it was and give the place back."""
    _lock(db, session)
    if session.state != "started":
        return
    session.state = "declined"
    for identity in db.scalars(select(Identity).where(Identity.participant_id == session.participant_id)):
        db.delete(identity)
    for slot in db.scalars(select(Slot).where(Slot.session_id == session.id)):
        slot.session_id = None


def trials_of(db: Db, session: Session) -> list[Trial]:
    """Return all trials of a session, in order."""
    return list(db.scalars(select(Trial).where(Trial.session_id == session.id).order_by(Trial.trial_index)))


def trial_at(db: Db, session: Session, trial_index: int) -> Trial | None:
    """Return one trial of a session, if it has it."""
    return db.scalar(select(Trial).where(Trial.session_id == session.id, Trial.trial_index == trial_index))


def unanswered(db: Db, session: Session) -> list[Trial]:
    """Return the trials that have no answer, in order; the first is where a visit goes on."""
    answered = select(Answer.trial_id).join(Trial).where(Trial.session_id == session.id)
    rows = select(Trial).where(Trial.session_id == session.id, Trial.id.not_in(answered))
    return list(db.scalars(rows.order_by(Trial.trial_index)))


def answer(db: Db, trial: Trial, submission: Submission) -> Answer:
    """Store an answer; the same submission again returns the stored one.

    Raises:
        AnswerConflictError: If the trial has another answer, or the submission's id was used for another trial.
    """
    db.execute(select(Session.id).where(Session.id == trial.session_id).with_for_update())
    same_id = db.scalar(select(Answer).where(Answer.uuid == str(submission.uuid)))
    stored = db.scalar(select(Answer).where(Answer.trial_id == trial.id))
    if stored is not None and same_id is stored and stored.response == submission.response:
        return stored
    if stored is not None or same_id is not None:
        raise AnswerConflictError(trial.trial_index)
    row = Answer(
        trial_id=trial.id,
        uuid=str(submission.uuid),
        response=submission.response,
        rt_ms=submission.rt_ms,
        shown_at=submission.shown_at.astimezone(UTC),
        answered_at=datetime.now(UTC),
        flags=",".join(submission.flags),
    )
    db.add(row)
    db.flush()
    return row


def is_correct(material: Material, trial: Trial, response: str) -> bool | None:
    """Say whether the better side was chosen; none where no side is better by design."""
    if trial.purpose not in ("practice", "catch"):
        return None
    chosen = {"left": trial.left_condition, "right": trial.right_condition}.get(response)
    return chosen == better_condition(material.items[trial.item_id])


def finish(db: Db, session: Session) -> None:
    """Close a visit; doing it again changes nothing.

    Raises:
        UnfinishedError: If a trial has no answer.
    """
    _lock(db, session)
    missing = len(unanswered(db, session))
    if session.state not in ("consented", "finished") or missing:
        raise UnfinishedError(missing)
    if session.state == "consented":
        session.state, session.finished_at = "finished", datetime.now(UTC)


def _lock(db: Db, session: Session) -> None:
    """See a visit as it is now, and let nobody else change it until this transaction ends."""
    db.flush()
    db.refresh(session, with_for_update={"of": Session})


def _known(db: Db, material: Material, external_id: str | None) -> Session | None:
    if not external_id:
        return None
    of_person = select(Identity.participant_id).where(
        Identity.study_id == material.study_id, Identity.external_id == external_id
    )
    return db.scalar(select(Session).where(Session.participant_id.in_(of_person)))


def _lowest_free_slot(db: Db, material: Material, mode: Mode) -> Slot:
    of_mode = select(Slot).where(Slot.study_id == material.study_id, Slot.mode == mode)
    free = db.scalar(of_mode.where(Slot.session_id.is_(None)).order_by(Slot.number).limit(1))
    if free is not None:
        return free
    if mode in LIMITED_MODES:
        raise PlacesTakenError(material.name, material.study.design.participants)
    number = db.scalar(select(func.count()).select_from(of_mode.subquery())) or 0
    slot = Slot(study_id=material.study_id, mode=mode, number=number)
    db.add(slot)
    return slot


def _next_pseudonym(db: Db, material: Material) -> str:
    people = db.scalar(select(func.count()).where(Participant.study_id == material.study_id)) or 0
    return f"P-{people + 1:04d}"

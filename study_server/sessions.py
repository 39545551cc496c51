"""Use cases of a visit: start, consent, decline, withdraw, finish.

Each runs inside one writing transaction of the caller, and may run again if that fails: it finds what an earlier
try committed. What it returns may be acknowledged after the transaction has committed.
"""

import hashlib
import secrets
from datetime import UTC, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Mode
from study_server import audit, leases, states
from study_server.chain import START
from study_server.errors import PlacesTakenError, UnfinishedError
from study_server.models import Answer, Identity, Lease, Participant, Session, Slot, Trial
from study_server.studies import Material


def start(
    db: Db,
    material: Material,
    mode: Mode,
    external_id: str | None = None,
    flags: str = "",
    now: datetime | None = None,
) -> Session:
    """Begin a visit on the lowest free slot; a known external id comes back to its own session, in any version.

    Where every place is taken, the visit has the state 'full' and no slot, and the study pauses itself.

    Raises:
        StudyRestsError: If the study takes nobody in.
    """
    now = now or datetime.now(UTC)
    known = _known(db, material, external_id)
    if known is not None and known.state != "full":
        return known
    minutes = states.require_open(db, material, mode)
    try:
        slot = leases.take(db, material, mode, now, minutes)
    except PlacesTakenError:
        states.pause(db, material, states.FULL)
        return known or _arrive(db, material, mode, external_id, flags, None, now)
    if known is not None:
        known.slot_id, known.state, known.slot = slot.id, "started", slot
    visit = known or _arrive(db, material, mode, external_id, flags, slot, now)
    db.add(Lease(slot_id=slot.id, session_id=visit.id, leased_at=now))
    audit.record_in(db, visit, "start", {"slot": slot.number, "mode": mode})
    db.flush()
    return visit


def find(db: Db, token: str) -> Session | None:
    """Return the session with this token, if any."""
    return db.scalar(select(Session).where(Session.token == token))


def locked(db: Db, session_id: int) -> Session:
    """Return a session as it is now; nobody else changes it until this transaction ends."""
    session = db.get_one(Session, session_id)
    _lock(db, session)
    return session


def hand_over(db: Db, session: Session) -> str:
    """Give the visit to the window that asks, and return its bearer; what other windows held opens nothing now."""
    bearer = secrets.token_urlsafe(24)
    _lock(db, session)
    session.bearer_sha256 = bearer_sha256(bearer)
    return bearer


def bearer_sha256(bearer: str) -> str:
    """Return what is stored of a bearer: whoever reads the database cannot answer for others."""
    return hashlib.sha256(bearer.encode()).hexdigest()


def agree(db: Db, material: Material, session: Session) -> None:
    """Record consent to the text as it stands; doing it again changes nothing."""
    _lock(db, session)
    if session.state != "started":
        return
    session.state = "consented"
    session.consented_at = datetime.now(UTC)
    session.consent_sha256 = hashlib.sha256(material.study.texts.consent.encode()).hexdigest()
    audit.record_in(db, session, "consent", {"sha256": session.consent_sha256, "ethics": material.study.study.ethics})


def decline(db: Db, session: Session) -> None:
    """End a visit before consent: forget who it was and give the place back."""
    _lock(db, session)
    if session.state != "started":
        return
    _leave(db, session, "declined")
    for identity in db.scalars(select(Identity).where(Identity.participant_id == session.participant_id)):
        db.delete(identity)


def screen_out(db: Db, session: Session, why: str) -> None:
    """End the visit of somebody who cannot take part; the place is given back."""
    _lock(db, session)
    if session.state in ("started", "consented"):
        _leave(db, session, "screened_out", why)


def withdraw(db: Db, session: Session) -> None:
    """End a visit because the participant wants to; what was answered stays, as extra, unless it is erased."""
    _lock(db, session)
    if session.state in ("started", "consented"):
        _leave(db, session, "withdrawn")


def give_back(db: Db, session: Session, ended: str, now: datetime | None = None) -> None:
    """End the lease of somebody who returned the submission or ran out of time; who finishes late is extra."""
    _lock(db, session)
    if leases.give_back(db, session, ended, now or datetime.now(UTC)):
        audit.record_in(db, session, "lease", {"ended": ended}, audit.SYSTEM)
        states.reopen(db, session.study_id)


def finish(db: Db, session: Session, now: datetime | None = None) -> None:
    """Close a visit once every planned trial has its stored answer; doing it again changes nothing.

    Raises:
        UnfinishedError: If a trial has no answer.
    """
    now = now or datetime.now(UTC)
    _lock(db, session)
    missing = count_missing(db, session)
    if session.state not in ("consented", "finished") or missing:
        raise UnfinishedError(missing)
    if session.state == "consented":
        session.state, session.finished_at = "finished", now
        holds = leases.finish(db, session, now)
        audit.record_in(db, session, "finish", {"extra": not holds})


def trials_of(db: Db, session: Session) -> list[Trial]:
    """Return all trials of a session, in order; none before consent."""
    if session.consented_at is None:
        return []
    return list(db.scalars(select(Trial).where(Trial.slot_id == session.slot_id).order_by(Trial.trial_index)))


def unanswered(db: Db, session: Session) -> list[Trial]:
    """Return the trials that have no answer, in order; the first is where a visit goes on."""
    answered = set(db.scalars(select(Answer.trial_id).where(Answer.session_id == session.id)))
    return [trial for trial in trials_of(db, session) if trial.id not in answered]


def count_missing(db: Db, session: Session) -> int:
    """Return how many planned trials have no stored answer."""
    answered = and_(Answer.trial_id == Trial.id, Answer.session_id == session.id)
    planned = select(func.count(Trial.id) - func.count(Answer.id)).select_from(Trial).outerjoin(Answer, answered)
    return db.scalar(planned.where(Trial.slot_id == session.slot_id)) or 0


def _arrive(
    db: Db, material: Material, mode: Mode, external_id: str | None, flags: str, slot: Slot | None, now: datetime
) -> Session:
    """Store who came; the external id, if any, is stored first, so that one person never comes twice at once."""
    participant = Participant(study_id=material.study_id, pseudonym=secrets.token_hex(6), mode=mode)
    db.add(participant)
    db.flush()
    participant.pseudonym = f"P-{participant.id:04d}"
    if external_id:
        db.add(_identity(material, external_id, participant.id))
        db.flush()
    visit = Session(
        token=secrets.token_hex(16),
        study_id=material.study_id,
        participant=participant,
        slot=slot,
        state="started" if slot is not None else "full",
        flags=flags,
        started_at=now,
        position=0,
        head=START,
    )
    db.add(visit)
    db.flush()
    return visit


def _identity(material: Material, external_id: str, participant_id: int) -> Identity:
    ids = {"study_id": material.study_id, "once_in_id": material.once_in_id, "participant_id": participant_id}
    return Identity(external_id=external_id, **ids)


def _leave(db: Db, session: Session, state: str, why: str = "") -> None:
    session.state, session.bearer_sha256 = state, None
    held = leases.give_back(db, session, state, datetime.now(UTC))
    audit.record_in(db, session, state, {"why": why} if why else {})
    if held:
        states.reopen(db, session.study_id)


def _lock(db: Db, session: Session) -> None:
    """See a visit as it is now, and let nobody else change it until this transaction ends."""
    db.flush()
    db.refresh(session, with_for_update={"of": Session})


def _known(db: Db, material: Material, external_id: str | None) -> Session | None:
    if not external_id:
        return None
    of_person = select(Identity.participant_id).where(
        Identity.once_in_id == material.once_in_id, Identity.external_id == external_id
    )
    return db.scalar(select(Session).where(Session.participant_id.in_(of_person)))

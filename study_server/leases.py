"""Who holds which slot: lease the lowest free one, end a lease, and hand out again what nobody finished.

A start locks one slot's row and nothing that two starts share. A slot that is given back, or whose lease has run
out when somebody needs it, is leased again whole; whoever held it may go on, and is kept as extra.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Mode
from study_server.errors import PlacesTakenError
from study_server.models import Lease, Session, Slot, Trial
from study_server.slots import plan
from study_server.studies import Material

LIMITED_MODES = ("pilot", "live")


def take(db: Db, material: Material, mode: Mode, now: datetime, minutes: int) -> Slot:
    """Lock and return the lowest slot that nobody holds, ended leases cleared away; the caller adds the lease.

    Raises:
        PlacesTakenError: If every place is held or finished.
    """
    slot = db.scalar(_free(material, mode, now).with_for_update(skip_locked=True))
    if slot is None:
        slot = _one_more(db, material, mode)
    elif slot.state == "leased":
        _end(db, slot.id, "expired", now)
    slot.state, slot.expires_at = "leased", now + timedelta(minutes=minutes)
    if not _has_plan(db, slot):
        write_plan(db, material, slot)
    return slot


def write_plan(db: Db, material: Material, slot: Slot) -> None:
    """Store the trials that follow from a slot's number."""
    trials = plan(material.manifest, material.study.design, slot.number)
    ids = {"study_id": material.study_id, "slot_id": slot.id}
    db.execute(insert(Trial), [{**ids, **vars(trial)} for trial in trials])


def finish(db: Db, session: Session, now: datetime) -> bool:
    """End a session's lease as finished, if it still holds its slot; return whether it did."""
    return _settle(db, session, "finished", "finished", now)


def give_back(db: Db, session: Session, ended: str, now: datetime) -> bool:
    """End a session's lease (as returned, timed_out, declined ...) and free its slot; return whether it held one."""
    return _settle(db, session, "free", ended, now)


def expire(db: Db, material: Material, now: datetime) -> int:
    """Free every slot whose lease has run out; return how many. A start does so by itself for the slot it needs."""
    overdue = select(Slot).where(Slot.study_id == material.study_id, Slot.state == "leased", Slot.expires_at < now)
    slots = list(db.scalars(overdue.order_by(Slot.id).with_for_update(skip_locked=True)))
    for slot in slots:
        _end(db, slot.id, "expired", now)
        slot.state, slot.expires_at = "free", None
    return len(slots)


def _settle(db: Db, session: Session, state: str, ended: str, now: datetime) -> bool:
    if session.slot_id is None:
        return False
    slot = db.scalars(select(Slot).where(Slot.id == session.slot_id).with_for_update()).one()
    running = select(Lease).where(Lease.session_id == session.id, Lease.ended.is_(None))
    lease = db.scalar(running.execution_options(populate_existing=True))
    if lease is None:
        return False
    lease.ended, lease.ended_at = ended, now
    db.flush()  # before the slot: the next holder's lease and this one may not both run
    slot.state, slot.expires_at = state, None
    return True


def _free(material: Material, mode: Mode, now: datetime) -> Select[Slot]:
    overdue = and_(Slot.state == "leased", Slot.expires_at < now)
    of_mode = select(Slot).where(Slot.study_id == material.study_id, Slot.mode == mode)
    free = of_mode.where(or_(Slot.state == "free", overdue))
    return free.order_by(Slot.number).limit(1).execution_options(populate_existing=True)


def _end(db: Db, slot_id: int, ended: str, now: datetime) -> None:
    running = update(Lease).where(Lease.slot_id == slot_id, Lease.ended.is_(None))
    db.execute(running.values(ended=ended, ended_at=now).execution_options(synchronize_session="fetch"))


def _one_more(db: Db, material: Material, mode: Mode) -> Slot:
    """Return a new slot of a mode whose places are not all made at publication."""
    newest = select(func.max(Slot.number)).where(Slot.study_id == material.study_id, Slot.mode == mode)
    found = db.scalar(newest)
    number = 0 if found is None else found + 1
    if mode in LIMITED_MODES and number >= material.study.design.participants:
        raise PlacesTakenError(material.name, material.study.design.participants)
    slot = Slot(study_id=material.study_id, mode=mode, number=number, state="free", expires_at=None)
    db.add(slot)
    db.flush()
    return slot


def _has_plan(db: Db, slot: Slot) -> bool:
    return db.scalar(select(Trial.id).where(Trial.slot_id == slot.id).limit(1)) is not None

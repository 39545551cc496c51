"""Proof of the chains: find every changed, removed or inserted row, and list what was erased lawfully."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session as Db
from sqlalchemy.orm import raiseload

from study_server import studies
from study_server.chain import START, answer_content, entry_content, leaf_of, link_of
from study_server.errors import StudyUnreadableError
from study_server.ledger import Audit
from study_server.models import Answer, Session, Slot, Trial
from study_server.slots import plan


@dataclass
class Verdict:
    """What the chains say.

    Args:
        faults: One line for each row that is not as it was written; empty if all are.
        erasures: One line for each session whose contents were erased.
        entries: How many rows were checked.
        head: Of the desk's chain, to be kept elsewhere.
    """

    faults: list[str] = field(default_factory=list)
    erasures: list[str] = field(default_factory=list)
    entries: int = 0
    head: str = START


@dataclass(frozen=True)
class _Link:
    """One row of a chain; the leaf is computed from the row, but for a tombstone, which only has its stored one."""

    position: int
    leaf: str
    link: str
    name: str
    is_tombstone: bool


def verify(db: Db, head: str | None = None) -> Verdict:
    """Check every chain of a database.

    Args:
        db: In a reading transaction.
        head: A head of the desk's chain that was kept elsewhere; it must still be in it.
    """
    verdict = Verdict()
    entries, answers = _entries(db), _answers(db)
    sessions = list(db.scalars(select(Session).order_by(Session.id)))
    links = {session.id: entries[session.id] + answers[session.id] for session in sessions}
    for session in sessions:
        _follow(verdict, f"session {session.id}", links[session.id], session.head, session.position)
    desk = entries[None]
    _follow(verdict, "desk", desk, max(desk, key=lambda one: one.position).link if desk else START, len(desk))
    verdict.head = max(desk, key=lambda one: one.position).link if desk else START
    if head is not None and head not in {one.link for one in desk}:
        verdict.faults.append(f"desk: head {head[:12]} is not in the chain, expected it among {len(desk)} entries")
    _check_checkpoints(db, verdict, links)
    _check_starts(db, verdict)
    _check_plans(db, verdict)
    return verdict


def _follow(verdict: Verdict, chain: str, links: Sequence[_Link], head: str, length: int) -> None:
    """Go along a chain from its start and compare every link, the length and the head."""
    previous = START
    for place, one in enumerate(sorted(links, key=lambda one: one.position), start=1):
        verdict.entries += 1
        if one.position != place:
            verdict.faults.append(f"{chain}: found position {one.position}, expected {place}: a row is gone or added")
            return
        if link_of(previous, one.leaf) != one.link:
            verdict.faults.append(f"{chain}: {one.name} at position {place} is not as it was written")
            return
        previous = one.link
    if (previous, len(links)) != (head, length):
        verdict.faults.append(f"{chain}: found {len(links)} entries, expected {length}: the end was changed")
    gone = sum(one.is_tombstone for one in links)
    if gone:
        verdict.erasures.append(f"{chain}: {gone} entries erased")


def _entries(db: Db) -> dict[int | None, list[_Link]]:
    found: dict[int | None, list[_Link]] = defaultdict(list)
    for row in db.scalars(select(Audit)):
        leaf = row.leaf
        if row.salt is not None:
            leaf = leaf_of(row.salt, entry_content(row.what, row.actor, row.detail, row.happened_at))
        found[row.session_id].append(_Link(row.position, leaf, row.link, f"entry '{row.what}'", row.salt is None))
    return found


def _answers(db: Db) -> dict[int, list[_Link]]:
    found: dict[int, list[_Link]] = defaultdict(list)
    for row, trial_index in db.execute(select(Answer, Trial.trial_index).join(Trial, Answer.trial_id == Trial.id)):
        content = answer_content(
            trial_index=trial_index,
            uuid=row.uuid,
            response=row.response,
            rt_ms=row.rt_ms,
            shown_at=row.shown_at,
            answered_at=row.answered_at,
            flags=row.flags,
        )
        name = f"answer to trial {trial_index}"
        found[row.session_id].append(_Link(row.position, leaf_of(row.salt, content), row.link, name, False))
    return found


def _check_checkpoints(db: Db, verdict: Verdict, links: dict[int, list[_Link]]) -> None:
    known = {(session, one.position): one.link for session, chain in links.items() for one in chain}
    for row in db.scalars(select(Audit).where(Audit.what == "checkpoint", Audit.session_id.is_(None))):
        heads = (row.detail or {}).get("heads", {})
        for session, (position, link) in heads.items() if isinstance(heads, dict) else ():
            if position and known.get((int(session), position)) != link:
                verdict.faults.append(
                    f"session {session}: position {position} is not as checkpoint {row.position} saw it"
                )


def _check_starts(db: Db, verdict: Verdict) -> None:
    """Compare the slot of every session with the one that its chain names, and with those of its answers."""
    rows = db.execute(
        select(Audit.session_id, Audit.detail, Slot.number)
        .join(Session, Session.id == Audit.session_id)
        .join(Slot, Slot.id == Session.slot_id)
        .where(Audit.what == "start")
    )
    for session, detail, number in rows:
        if detail is not None and detail["slot"] != number:
            verdict.faults.append(f"session {session}: found slot {number}, expected slot {detail['slot']}")
    strange = (
        select(Answer.session_id)
        .join(Trial, Answer.trial_id == Trial.id)
        .join(Session, Session.id == Answer.session_id)
        .where(Trial.slot_id != Session.slot_id)
    )
    for session in sorted(set(db.scalars(strange))):
        verdict.faults.append(f"session {session}: found an answer to a trial of another slot")


def _check_plans(db: Db, verdict: Verdict) -> None:
    """Compute every stored plan again from its number."""
    for name in studies.names(db):
        try:
            material = studies.read_material(db, name)
        except StudyUnreadableError:
            continue
        stored: dict[int, list[Trial]] = defaultdict(list)
        rows = select(Trial, Slot.id, Slot.number).join(Slot).where(Slot.study_id == material.study_id)
        numbers = {}
        for trial, slot, number in db.execute(rows.order_by(Trial.trial_index).options(raiseload("*"))):
            stored[slot].append(trial)
            numbers[slot] = number
        for slot, trials in stored.items():
            planned = plan(material.manifest, material.study.design, numbers[slot])
            verdict.entries += len(trials)
            found = [{key: getattr(trial, key) for key in vars(planned[0])} for trial in trials]
            if found != [vars(trial) for trial in planned]:
                verdict.faults.append(f"study '{name}': the plan of slot {numbers[slot]} is not what its number gives")

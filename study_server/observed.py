"""What is stored of every visit of a study, read at once: answers, how the place ended, events counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session as Db

from study_server.checks import is_correct
from study_server.ledger import Event
from study_server.models import Answer, Lease, Session, Slot, Trial
from study_server.quality import Conduct, Given, conduct, marks
from study_server.studies import Material

_COLUMNS = (
    Answer.session_id,
    Answer.response,
    Answer.rt_ms,
    Answer.answered_at,
    Trial.trial_index,
    Trial.block,
    Trial.item_id,
    Trial.purpose,
    Trial.left_condition,
    Trial.right_condition,
    Trial.repeat_of,
)


@dataclass(frozen=True)
class Observed:
    """What is stored, by session.

    Args:
        given: Answered trials with the columns of a trial and of its answer, in the order of showing.
        ended: How the lease ended, of those whose lease did.
        events: How many events of each kind.
        planned: Trials of a place; all of a study have the same number.
    """

    given: dict[int, list[Row[Any]]]
    ended: dict[int, str]
    events: dict[int, Counter[str]]
    planned: int


def observe(db: Db, material: Material) -> Observed:
    """Read what is stored of every visit of a study."""
    return Observed(_given(db, material), _ended(db, material), _events(db, material), _planned(db, material))


def measured(material: Material, observed: Observed, session_id: int) -> Conduct:
    """Return how one visit was conducted."""
    events = observed.events[session_id]
    given = as_given(material, observed.given[session_id])
    rules = material.study.quality
    return conduct(given, rules, focus_losses=events["hidden"], zoom_changes=events["zoomed"])


def marks_of(db: Db, material: Material) -> dict[int, tuple[str, ...]]:
    """Return the marks that the declared rules of quality give each session with an answer."""
    observed = observe(db, material)
    study = material.study
    return {
        session_id: marks(measured(material, observed, session_id), study.quality, study.analysis)
        for session_id in tuple(observed.given)
    }


def as_given(material: Material, rows: Sequence[Row[Any]]) -> list[Given]:
    """Return answered trials as the rules of quality see them: with what is right, and without what was shown.

    Args:
        material: The study.
        rows: Of one session, with the columns of a trial and its answer.
    """
    chosen = {row.trial_index: _chosen(row) for row in rows}
    return [
        Given(
            purpose=row.purpose,
            block=row.block,
            response=row.response,
            rt_ms=row.rt_ms,
            correct=is_correct(material, row, row.response),
            agrees=chosen[row.trial_index] == chosen[row.repeat_of] if row.repeat_of in chosen else None,
        )
        for row in rows
    ]


def _chosen(row: Row[Any]) -> str | None:
    return {"left": row.left_condition, "right": row.right_condition}.get(row.response)


def _given(db: Db, material: Material) -> dict[int, list[Row[Any]]]:
    """Return the answered trials of each session, in order of showing."""
    of_study = (
        select(*_COLUMNS)
        .join(Trial, Answer.trial_id == Trial.id)
        .join(Session, Answer.session_id == Session.id)
        .where(Session.study_id == material.study_id)
        .order_by(Answer.session_id, Trial.trial_index)
    )
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in cast("Iterable[Row[Any]]", db.execute(of_study)):  # its many columns have no type of their own
        found[row.session_id].append(row)
    return found


def _ended(db: Db, material: Material) -> dict[int, str]:
    """Return how each session's lease ended, of those that did."""
    of_study = select(Lease.session_id, Lease.ended).join(Session, Session.id == Lease.session_id)
    rows = db.execute(of_study.where(Session.study_id == material.study_id, Lease.ended.is_not(None)))
    return {row.session_id: str(row.ended) for row in rows}


def _events(db: Db, material: Material) -> dict[int, Counter[str]]:
    """Return how many events of each kind each session has."""
    counted = select(Event.session_id, Event.kind, func.count().label("n")).join(Session)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for row in db.execute(counted.where(Session.study_id == material.study_id).group_by(Event.session_id, Event.kind)):
        found[row.session_id][row.kind] = row.n
    return found


def _planned(db: Db, material: Material) -> int:
    """Return how many trials a slot has; all of a study have the same number."""
    of_slot = select(func.count()).select_from(Trial).join(Slot).where(Slot.study_id == material.study_id)
    return max(db.scalars(of_slot.group_by(Slot.id)), default=0)

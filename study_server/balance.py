"""Whether everything was shown evenly: places, items and sides; never what was chosen."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from study_server.models import SLOT_STATES, Answer, Participant, Session, Slot, Trial
from study_server.slots import items_of
from study_server.studies import Material


@dataclass(frozen=True)
class Shown:
    """How often one item was judged in main trials: with its first condition on the left, and on the right."""

    item_id: str
    left: int
    right: int

    @property
    def times(self) -> int:
        """How often in all."""
        return self.left + self.right


@dataclass(frozen=True)
class Balance:
    """Places by state, and every main item with how often it was judged."""

    places: dict[str, int]
    items: list[Shown]

    @property
    def least(self) -> int:
        """How often the item that was judged least often was."""
        return min((item.times for item in self.items), default=0)

    @property
    def most(self) -> int:
        """How often the item that was judged most often was."""
        return max((item.times for item in self.items), default=0)

    @property
    def left_share(self) -> float | None:
        """Share of judgements with the first condition on the left; none before the first."""
        total = sum(item.times for item in self.items)
        return sum(item.left for item in self.items) / total if total else None


def balance(db: Db, material: Material, mode: str) -> Balance:
    """Count what the participants of one mode were shown and answered."""
    judged = (
        select(Trial.item_id, Trial.left_condition, func.count(Answer.id).label("n"))
        .join(Answer, Answer.trial_id == Trial.id)
        .join(Session, Answer.session_id == Session.id)
        .join(Participant, Session.participant_id == Participant.id)
        .where(Session.study_id == material.study_id, Participant.mode == mode, Trial.purpose == "main")
        .group_by(Trial.item_id, Trial.left_condition)
    )
    counts = Counter({(row.item_id, row.left_condition): row.n for row in db.execute(judged)})
    items = [
        Shown(item.item_id, *(counts[item.item_id, condition] for condition in list(item.stimuli)[:2]))
        for item in items_of(material.manifest, "main")
    ]
    return Balance(_places(db, material, mode), items)


def _places(db: Db, material: Material, mode: str) -> dict[str, int]:
    of_study = select(Slot.state, func.count().label("n")).where(Slot.study_id == material.study_id, Slot.mode == mode)
    found = {row.state: row.n for row in db.execute(of_study.group_by(Slot.state))}
    return {state: found.get(state, 0) for state in SLOT_STATES}

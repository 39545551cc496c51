"""The stored trials of slots, read once: a plan never changes after it is written."""

from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session as Db

from study_server.db import Database
from study_server.errors import TrialUnknownError
from study_server.models import Trial

KEPT = 1024
"""How many plans a worker keeps in memory; about 40 kB each with 100 trials."""


@dataclass(frozen=True)
class PlannedRow:
    """A stored trial."""

    id: int
    trial_index: int
    block: int
    item_id: str
    purpose: str
    left_condition: str
    right_condition: str
    repeat_of: int | None

    @classmethod
    def of(cls, trial: Trial) -> "PlannedRow":
        """Return a trial as it is stored."""
        return cls(**{name: getattr(trial, name) for name in cls.__dataclass_fields__})


_COLUMNS = tuple(getattr(Trial, name) for name in PlannedRow.__dataclass_fields__)


class Plans:
    """The trials of every slot that was asked for."""

    def __init__(self) -> None:
        self._plans: dict[int, tuple[PlannedRow, ...]] = {}
        self._of_id: dict[int, PlannedRow] = {}

    def trials(self, connection: Connection | Db, slot_id: int) -> tuple[PlannedRow, ...]:
        """Return a slot's trials, in order."""
        found = self._plans.get(slot_id)
        if found is None:
            rows = connection.execute(select(*_COLUMNS).where(Trial.slot_id == slot_id).order_by(Trial.trial_index))
            found = tuple(PlannedRow(*row) for row in rows)
            if len(self._plans) >= KEPT:
                self._plans.clear()
                self._of_id.clear()
            self._plans[slot_id] = found
            self._of_id.update((trial.id, trial) for trial in found)
        return found

    def of_id(self, database: Database, trial_id: int) -> PlannedRow:
        """Return a trial that is stored under this number."""
        found = self._of_id.get(trial_id)
        if found is None:
            with database.reading() as db:
                slot_id = db.execute(select(Trial.slot_id).where(Trial.id == trial_id)).scalar_one()
                found = next(trial for trial in self.trials(db, slot_id) if trial.id == trial_id)
        return found

    def trial(self, connection: Connection | Db, slot_id: int, trial_index: int) -> PlannedRow:
        """Return one trial of a slot.

        Raises:
            TrialUnknownError: If the slot has no such trial.
        """
        trials = self.trials(connection, slot_id)
        if not 0 <= trial_index < len(trials):
            raise TrialUnknownError(trial_index)
        return trials[trial_index]

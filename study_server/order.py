"""The order of a visit's blocks: practice first, and no block before the ones before it are answered.

Within a block answers may overtake each other on their way, as they do when a page that is closed sends what waits.
"""

from dataclasses import dataclass

from sqlalchemy import select

from study_server.db import Database
from study_server.errors import StepMissingError
from study_server.models import Answer, Session
from study_server.plans import Plans

KEPT = 4096
"""How many visits a worker remembers; for one that it has forgotten it asks the database again."""


@dataclass(frozen=True)
class _Reached:
    """How far a visit had come when it was looked at: it never goes back, so this stays true."""

    slot_id: int
    block: int


class Order:
    """How far each visit has come, as far as this worker knows."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._reached: dict[str, _Reached] = {}

    def require(self, database: Database, bearer: str, trial_index: int) -> None:
        """Refuse an answer to a trial of a block that is not reached; a bearer of nothing is refused elsewhere.

        Args:
            database: Where the answers are.
            bearer: SHA-256 of what the window holds.
            trial_index: What it answers.

        Raises:
            StepMissingError: If a trial of practice, or of an earlier block, has no stored answer.
            TrialUnknownError: If the visit has no such trial.
        """
        reached = self._reached.get(bearer)
        if reached is not None and self._block_of(database, reached.slot_id, trial_index) <= reached.block:
            return
        reached = self._look(database, bearer)
        if reached is None:
            return
        if len(self._reached) >= KEPT:
            self._reached.clear()
        self._reached[bearer] = reached
        if self._block_of(database, reached.slot_id, trial_index) > reached.block:
            raise StepMissingError("practice" if reached.block == 0 else f"block {reached.block}")

    def _block_of(self, database: Database, slot_id: int, trial_index: int) -> int:
        with database.reading() as db:  # asks nothing while the plan is in memory
            return self._plans.trial(db, slot_id, trial_index).block

    def _look(self, database: Database, bearer: str) -> _Reached | None:
        """Return the first block of a visit that has a trial without an answer, or its last block."""
        with database.reading() as db:
            visit = db.execute(select(Session.id, Session.slot_id).where(Session.bearer_sha256 == bearer)).first()
            if visit is None or visit.slot_id is None:
                return None
            answered = set(db.scalars(select(Answer.trial_id).where(Answer.session_id == visit.id)))
            trials = self._plans.trials(db, visit.slot_id)
        open_blocks = [trial.block for trial in trials if trial.id not in answered]
        return _Reached(visit.slot_id, min(open_blocks, default=trials[-1].block))

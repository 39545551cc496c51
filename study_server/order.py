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
    """How far a visit had come when it was looked at.

    Args:
        block: The first that lacks an answer, or the last of all.
        before: Trials with a smaller index belong to it, or to a block before it.
        count: Trials of the visit.
    """

    block: int
    before: int
    count: int


class Order:
    """How far each visit has come, as far as this worker knows: none ever goes back, so what it knows stays true."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._open: dict[str, int] = {}

    def require(self, database: Database, bearer: str, trial_index: int) -> None:
        """Refuse an answer to a trial of a block that is not reached; a wrong bearer or trial is refused elsewhere.

        Args:
            database: Where the answers are.
            bearer: SHA-256 of what the window holds.
            trial_index: What it answers.

        Raises:
            StepMissingError: If a trial of practice, or of an earlier block, has no stored answer.
        """
        if trial_index < self._open.get(bearer, 0):
            return
        reached = self._look(database, bearer)
        if reached is None or trial_index >= reached.count:
            return
        if len(self._open) >= KEPT:
            self._open.clear()
        self._open[bearer] = reached.before
        if trial_index >= reached.before:
            raise StepMissingError("practice" if reached.block == 0 else f"block {reached.block}")

    def _look(self, database: Database, bearer: str) -> _Reached | None:
        """Return how far the visit of a bearer has come; the trials of a block stand together."""
        with database.reading() as db:
            visit = db.execute(select(Session.id, Session.slot_id).where(Session.bearer_sha256 == bearer)).first()
            if visit is None or visit.slot_id is None:
                return None
            answered = set(db.scalars(select(Answer.trial_id).where(Answer.session_id == visit.id)))
            trials = self._plans.trials(db, visit.slot_id)
        block = min((trial.block for trial in trials if trial.id not in answered), default=trials[-1].block)
        return _Reached(block, sum(trial.block <= block for trial in trials), len(trials))

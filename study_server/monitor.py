"""The state of a study, readable in five seconds: who came, how far, how carefully; never what was chosen."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from study_server.models import MODES, STATES, Session, Slot
from study_server.observed import Observed, measured, observe
from study_server.quality import Conduct, marks, why_unused
from study_server.studies import Material

STAGES = {
    "started": "consent open",
    "consented": "in trials",
    "finished": "finished",
    "extra": "finished late",
    "returned": "returned",
    "timed_out": "timed out",
    "expired": "place expired",
    "declined": "declined",
    "withdrawn": "withdrawn",
    "screened_out": "screened out",
    "full": "came too late",
}
"""Where a visit stands, in words: its state, unless its place was given back before it finished."""


@dataclass(frozen=True)
class ParticipantRow:
    """One line of the desk's table.

    Args:
        marks: What the declared rules of quality say today.
        unused: Why `[analysis]` would leave this participant out today; empty if it would not.
    """

    session_id: int
    pseudonym: str
    mode: str
    state: str
    stage: str
    has_consented: bool
    arrived_at: datetime
    ended_at: datetime | None
    answered: int
    planned: int
    minutes: float | None
    conduct: Conduct
    marks: tuple[str, ...]
    unused: str
    flags: str

    @property
    def words(self) -> str:
        """Where the visit stands."""
        return STAGES[self.stage]

    @property
    def use(self) -> str:
        """Whether the analysis would use this participant today: 'yes', 'no', or 'open' while nothing is decided."""
        if self.state != "finished":
            return "open" if self.stage in ("started", "consented") else "no"
        return "no" if self.unused else "yes"


@dataclass(frozen=True)
class Overview:
    """A whole study at a glance."""

    places: int
    counts: dict[str, dict[str, int]]
    rows: list[ParticipantRow]

    def minutes(self, mode: str) -> list[float]:
        """Return the minutes of each person of a mode who finished."""
        return [row.minutes for row in self.of(mode) if row.state == "finished" and row.minutes is not None]

    @property
    def warnings(self) -> int:
        """How many participants deserve a look."""
        return sum(bool(row.marks) for row in self.rows)

    @property
    def answers(self) -> int:
        """How many answers are stored."""
        return sum(row.answered for row in self.rows)

    def of(self, mode: str) -> list[ParticipantRow]:
        """Return the rows of one mode."""
        return [row for row in self.rows if row.mode == mode]


def overview(db: Db, material: Material) -> Overview:
    """Return the state of a study; people come before simulated observers."""
    visits = list(db.scalars(select(Session).where(Session.study_id == material.study_id).order_by(Session.id)))
    observed = observe(db, material)
    visits.sort(key=lambda visit: visit.participant.mode == "bot")
    rows = [_row(material, visit, observed) for visit in visits]
    return Overview(material.study.design.participants, _counts(rows), rows)


def slots_taken(db: Db, material: Material, mode: str) -> int:
    """Return how many places of a mode are leased."""
    taken = select(func.count()).where(Slot.study_id == material.study_id, Slot.mode == mode, Slot.state != "free")
    return db.scalar(taken) or 0


def _row(material: Material, visit: Session, observed: Observed) -> ParticipantRow:
    given, analysis = observed.given[visit.id], material.study.analysis
    conduct = measured(material, observed, visit.id)
    found = marks(conduct, material.study.quality, analysis)
    end = visit.finished_at or max((row.answered_at for row in given), default=None)
    return ParticipantRow(
        session_id=visit.id,
        pseudonym=visit.participant.pseudonym,
        mode=visit.participant.mode,
        state=visit.state,
        stage=_stage(visit.state, observed.ended.get(visit.id)),
        has_consented=visit.consented_at is not None,
        arrived_at=visit.started_at,
        ended_at=end,
        answered=len(given),
        planned=observed.planned if visit.consented_at is not None else 0,
        minutes=_minutes(visit, end),
        conduct=conduct,
        marks=found,
        unused=why_unused(conduct, found, analysis),
        flags=visit.flags,
    )


def _stage(state: str, ended: str | None) -> str:
    if state == "finished":
        return "finished" if ended in (None, "finished") else "extra"
    return ended if state in ("started", "consented") and ended is not None else state


def _counts(rows: list[ParticipantRow]) -> dict[str, dict[str, int]]:
    states = Counter((row.mode, row.state) for row in rows)
    return {
        mode: {state: states[mode, state] for state in STATES}
        for mode in MODES
        if mode == "live" or any(row.mode == mode for row in rows)
    }


def _minutes(visit: Session, end: datetime | None) -> float | None:
    """Return how long a person took so far; a simulated observer takes no time that means anything."""
    if end is None or visit.participant.mode == "bot":
        return None
    return (end - visit.started_at).total_seconds() / 60

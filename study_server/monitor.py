"""The state of a study, readable in five seconds: who came, how far, how carefully; never what was chosen."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from stimuli.studyfile import AnalysisTable
from study_server.checks import is_correct
from study_server.models import MODES, STATES, Answer, Session, Slot, Trial
from study_server.studies import Material


@dataclass(frozen=True)
class ParticipantRow:
    """One line of the desk's table."""

    pseudonym: str
    mode: str
    state: str
    answered: int
    planned: int
    minutes: float | None
    catch_correct: int
    catch_answered: int
    median_rt_ms: float | None
    flags: str
    rules: AnalysisTable

    @property
    def warning(self) -> str:
        """What the study's own exclusion rules would say today, in words; empty if nothing."""
        asked = self.catch_answered >= 2  # one miss of one says little
        low = asked and self.catch_correct / self.catch_answered < self.rules.min_catch_accuracy
        fast = self.median_rt_ms is not None and self.median_rt_ms < self.rules.min_median_rt_ms
        return ", ".join(word for word, holds in (("catch", low), ("fast", fast)) if holds)


@dataclass(frozen=True)
class Overview:
    """A whole study at a glance."""

    places: int
    counts: dict[str, dict[str, int]]
    rows: list[ParticipantRow]

    @property
    def minutes(self) -> float | None:
        """Median minutes of the people who finished."""
        spent = [row.minutes for row in self.rows if row.state == "finished" and row.minutes is not None]
        return median(spent) if spent else None

    @property
    def warnings(self) -> int:
        """How many participants deserve a look."""
        return sum(bool(row.warning) for row in self.rows)

    @property
    def answers(self) -> int:
        """How many answers are stored."""
        return sum(row.answered for row in self.rows)


def overview(db: Db, material: Material) -> Overview:
    """Return the state of a study; people come before simulated observers."""
    visits = list(db.scalars(select(Session).where(Session.study_id == material.study_id).order_by(Session.id)))
    given: dict[int, list[tuple[Trial, Answer]]] = {visit.id: [] for visit in visits}
    of_study = (
        select(Trial, Answer)
        .join(Answer, Answer.trial_id == Trial.id)
        .join(Session, Answer.session_id == Session.id)
        .where(Session.study_id == material.study_id)
    )
    for trial, answer in db.execute(of_study):
        given[answer.session_id].append((trial, answer))
    planned = _planned(db, material)
    visits.sort(key=lambda visit: visit.participant.mode == "bot")
    rows = [_row(material, visit, given[visit.id], planned) for visit in visits]
    return Overview(material.study.design.participants, _counts(rows), rows)


def slots_taken(db: Db, material: Material, mode: str) -> int:
    """Return how many places of a mode are leased."""
    taken = select(func.count()).where(Slot.study_id == material.study_id, Slot.mode == mode, Slot.state != "free")
    return db.scalar(taken) or 0


def _planned(db: Db, material: Material) -> int:
    """Return how many trials a slot has; all of a study have the same number."""
    of_slot = select(func.count()).select_from(Trial).join(Slot).where(Slot.study_id == material.study_id)
    return max(db.scalars(of_slot.group_by(Slot.id)), default=0)


def _row(material: Material, visit: Session, given: list[tuple[Trial, Answer]], planned: int) -> ParticipantRow:
    catches = [is_correct(material, t, a.response) for t, a in given if t.purpose == "catch"]
    times = [a.rt_ms for t, a in given if t.block > 0]
    return ParticipantRow(
        pseudonym=visit.participant.pseudonym,
        mode=visit.participant.mode,
        state=visit.state,
        answered=len(given),
        planned=planned if visit.consented_at is not None else 0,
        minutes=_minutes(visit, [answer for _, answer in given]),
        catch_correct=sum(bool(correct) for correct in catches),
        catch_answered=len(catches),
        median_rt_ms=median(times) if times else None,
        flags=visit.flags,
        rules=material.study.analysis,
    )


def _counts(rows: list[ParticipantRow]) -> dict[str, dict[str, int]]:
    states = Counter((row.mode, row.state) for row in rows)
    return {
        mode: {state: states[mode, state] for state in STATES}
        for mode in MODES
        if mode == "live" or any(row.mode == mode for row in rows)
    }


def _minutes(visit: Session, given: list[Answer]) -> float | None:
    """Return how long a person took so far; a simulated observer takes no time that means anything."""
    end = visit.finished_at or max((answer.answered_at for answer in given), default=None)
    if end is None or visit.participant.mode == "bot":
        return None
    return (end - visit.started_at).total_seconds() / 60

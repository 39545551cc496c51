"""What happened in one visit, moment by moment; never which condition or side was chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server.checks import is_correct
from study_server.ledger import Audit, Event
from study_server.models import Answer, Session, Trial
from study_server.studies import Material

EVENT_WORDS = {
    "hidden": "page hidden",
    "shown": "page shown again",
    "zoomed": "window or zoom changed",
    "paused": "instructions opened",
    "retried": "image asked for again",
    "loaded": "images loaded",
    "failed": "page failed",
    "flipped": "flipped",
}
QUIET = ("loaded", "flipped")
"""Events that happen in every trial; the plot shows what they amount to."""


@dataclass(frozen=True)
class Moment:
    """One thing that happened.

    Args:
        at: UTC; of an event, by the browser's clock, which may be wrong.
        kind: 'step' (of the visit), 'answer' or 'event'.
        words: What happened.
    """

    at: datetime
    kind: str
    words: str


@dataclass(frozen=True)
class Reply:
    """One answered trial: when, how long it took, what it was for, and whether a check was passed."""

    trial_index: int
    purpose: str
    rt_ms: float
    answered_at: datetime
    correct: bool | None
    flags: str


def replies(db: Db, material: Material, session: Session) -> list[Reply]:
    """Return the answered trials of a visit, in the order of showing."""
    rows = select(Trial, Answer).join(Answer, Answer.trial_id == Trial.id).where(Answer.session_id == session.id)
    return [
        Reply(
            trial.trial_index,
            trial.purpose,
            answer.rt_ms,
            answer.answered_at,
            is_correct(material, trial, answer.response),
            answer.flags,
        )
        for trial, answer in db.execute(rows.order_by(Trial.trial_index))
    ]


def timeline(db: Db, session: Session, answered: list[Reply]) -> list[Moment]:
    """Return everything that happened in a visit, by time: its steps, runs of answers, and what disturbed it."""
    entries = db.scalars(select(Audit).where(Audit.session_id == session.id))
    steps = [Moment(entry.happened_at, "step", _step(entry)) for entry in entries]
    disturbed = select(Event).where(Event.session_id == session.id, Event.kind.not_in(QUIET))
    events = [Moment(event.happened_at, "event", _event(event)) for event in db.scalars(disturbed)]
    apart = sorted([*steps, *events], key=lambda moment: moment.at)
    return sorted([*apart, *_runs(answered, apart)], key=lambda moment: moment.at)


def _runs(answered: list[Reply], apart: list[Moment]) -> list[Moment]:
    """Return one line for all answers between two other moments, so that a hundred answers are no hundred lines."""
    runs: list[list[Reply]] = []
    places: list[int] = []
    for reply in sorted(answered, key=lambda one: one.answered_at):
        place = sum(moment.at <= reply.answered_at for moment in apart)
        if not places or places[-1] != place:
            runs.append([])
            places.append(place)
        runs[-1].append(reply)
    return [Moment(run[-1].answered_at, "answer", _run(run)) for run in runs]


def _run(run: list[Reply]) -> str:
    first, last = run[0].trial_index, run[-1].trial_index
    return f"trial {first} answered" if len(run) == 1 else f"trials {first} to {last}: {len(run)} answered"


def _step(entry: Audit) -> str:
    """Return a step of the visit in words; of an erased one only its name is left."""
    detail: dict[str, Any] = dict(entry.detail or {})
    words: dict[str, Callable[[], str]] = {
        "start": lambda: f"started, place {detail['slot']}",
        "consent": lambda: f"agreed (ethics {detail['ethics']})",
        "device": lambda: _device(detail),
        "comprehension": lambda: f"comprehension check: wrong {', '.join(map(str, detail['wrong']))}",
        "understood": lambda: "comprehension check passed",
        "lease": lambda: f"place given back: {detail['ended']}",
        "screened_out": lambda: f"screened out: {detail.get('why') or 'no reason given'}",
        "finish": lambda: "finished, after the place was given back" if detail["extra"] else "finished",
        "comment": lambda: "wrote a comment",
    }
    return words[entry.what]() if entry.what in words and detail else entry.what.replace("_", " ")


def _device(detail: dict[str, Any]) -> str:
    width, height = detail["window"]
    shown = f"window {width} × {height}, {detail['pixel_ratio']:g} device pixels to a pixel"
    return f"device: {detail['kind']}, {detail['engine']}, {shown}, {detail['frame_ms']:g} ms a frame"


def _event(event: Event) -> str:
    where = "" if event.trial_index is None else f", trial {event.trial_index}"
    return EVENT_WORDS[event.kind] + where

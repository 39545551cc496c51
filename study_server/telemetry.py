"""What participants' browsers said of loading and trouble: load times, second tries, failures, attention."""

from collections import Counter
from dataclasses import dataclass
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server.ledger import Event
from study_server.models import Participant, Session
from study_server.studies import Material

SLOW_MS = 3000.0
MAX_RETRY_SHARE = 0.05
MAX_FAILED = 0
"""Above these the desk raises an alarm: a median load time, second tries for each trial loaded, pages that failed."""


@dataclass(frozen=True)
class Telemetry:
    """Of one mode.

    Args:
        loads: Trials whose images were loaded.
        median_ms: Of their load times; none before the first.
        p95_ms: Likewise the 95th percentile.
        retried: Images that were asked for again.
        failed: Faults of the page's program.
        hidden: Times that a page was hidden.
        zoomed: Times that a window or its zoom changed.
    """

    loads: int
    median_ms: float | None
    p95_ms: float | None
    retried: int
    failed: int
    hidden: int
    zoomed: int

    @property
    def retry_share(self) -> float | None:
        """Second tries for each trial that was loaded; none before the first."""
        return self.retried / self.loads if self.loads else None

    @property
    def alarms(self) -> list[str]:
        """What deserves a look now, in words."""
        slow = self.median_ms is not None and self.median_ms > SLOW_MS
        retries = (self.retry_share or 0) > MAX_RETRY_SHARE
        words = {
            f"images load slowly: median {(self.median_ms or 0) / 1000:.1f} s": slow,
            f"images are asked for again in {100 * (self.retry_share or 0):.0f} % of trials": retries,
            f"the trial page failed {self.failed} time(s)": self.failed > MAX_FAILED,
        }
        return [said for said, holds in words.items() if holds]


def telemetry(db: Db, material: Material, mode: str) -> Telemetry:
    """Sum up the events of one mode."""
    of_mode = (
        select(Event.kind, Event.value)
        .join(Session, Event.session_id == Session.id)
        .join(Participant, Session.participant_id == Participant.id)
        .where(Session.study_id == material.study_id, Participant.mode == mode)
    )
    events = db.execute(of_mode).all()
    kinds = Counter(event.kind for event in events)
    times = sorted(event.value for event in events if event.kind == "loaded" and event.value is not None)
    return Telemetry(
        loads=kinds["loaded"],
        median_ms=median(times) if times else None,
        p95_ms=times[min(len(times) - 1, int(0.95 * len(times)))] if times else None,
        retried=kinds["retried"],
        failed=kinds["failed"],
        hidden=kinds["hidden"],
        zoomed=kinds["zoomed"],
    )

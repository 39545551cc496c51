"""A study goes live: people arrive within a minute, each gets a place of their own, and the plans stay balanced."""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, text

from benchmarks.harness import Figure, main
from benchmarks.load import answer, count, make_study, percentile, send, serving
from benchmarks.postgres import postgres
from benchmarks.visitor import Visitor
from study_server.db import Database
from study_server.models import Lease, Slot, Trial

ARRIVALS, QUICK_ARRIVALS = 500, 50
PER_S = 500 / 60
LATE = 20
TRIALS = 8
TARGET_S = 0.5


@dataclass
class Tally:
    """What the arriving people saw."""

    starts_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    finished: int = 0


def measure(quick: bool) -> list[Figure]:
    """Let people arrive on both databases."""
    places = QUICK_ARRIVALS if quick else ARRIVALS
    with postgres() as server, server.database() as url:
        figures = _arrive(url, "PostgreSQL", places)
    with tempfile.TemporaryDirectory() as folder:
        return figures + _arrive(f"sqlite:///{folder}/study.db", "SQLite", places)


def _arrive(url: str, kind: str, places: int) -> list[Figure]:
    database, tally = make_study(url, places=places, trials=TRIALS), Tally()
    with serving(url) as (address, _):
        rng = random.Random(1)  # noqa: S311 - arrivals, not secrets
        comers = [threading.Thread(target=_come, args=(address, tally, seed)) for seed in range(places + LATE)]
        for comer in comers:
            comer.start()
            time.sleep(rng.expovariate(PER_S))
        for comer in comers:
            comer.join()
    figures = _figures(database, kind, tally, places)
    database.close()
    for failure, times in Counter(tally.failures).most_common(5):
        print(f"{kind}: {times} x {failure}")
    return figures


def _come(address: str, tally: Tally, seed: int) -> None:
    """Take the whole study as a browser does: every page, form and answer."""
    rng = random.Random(seed)  # noqa: S311
    visitor = Visitor(address)
    try:
        tally.starts_s.append(visitor.start(external_id=f"{rng.getrandbits(96):024x}"))
        if visitor.is_in:
            _take(visitor, rng)
            tally.finished += 1
    except (OSError, ValueError, KeyError, IndexError) as error:
        tally.failures.append(f"{type(error).__name__}: {error}")
    finally:
        visitor.line.close()


def _take(visitor: Visitor, rng: random.Random) -> None:
    """Agree, answer every trial, and finish."""
    for trial in visitor.open():
        status = send(visitor.line, visitor.bearer, answer(trial["index"], rng))
        if status != 200:
            raise ValueError(f"answer {status}")
    visitor.complete()


def _figures(database: Database, kind: str, tally: Tally, places: int) -> list[Figure]:
    p95 = percentile(tally.starts_s, 0.95)
    median = percentile(tally.starts_s, 0.5)
    counters = {
        "errors": len(tally.failures),
        "leases of the slot with most": _most_leases(database),
        "deadlocks": _deadlocks(database),
        "items' counts, max - min": _imbalance(database),
        "places unfinished": places - count(database, "finished"),
        "late people without their way out": LATE - count(database, "full"),
    }
    targets = {"leases of the slot with most": 1.0, "items' counts, max - min": 1.0}
    figures = [Figure(f"{kind}: p95 of a start", p95, "s", TARGET_S, "<=", "median", median)]
    return figures + [
        Figure(f"{kind}: {name}", float(value), "", targets.get(name, 0.0), "<=", f"of {places} + {LATE} arrivals", 0.0)
        for name, value in counters.items()
    ]


def _most_leases(database: Database) -> int:
    with database.reading() as db:
        return max(db.scalars(select(func.count()).select_from(Lease).group_by(Lease.slot_id)), default=0)


def _imbalance(database: Database) -> int:
    """Return by how much the items' counts differ over the finished slots."""
    with database.reading() as db:
        of_item = select(func.count()).select_from(Trial).join(Slot, Trial.slot_id == Slot.id)
        shown: Sequence[int] = db.scalars(of_item.where(Slot.state == "finished").group_by(Trial.item_id)).all()
    return max(shown) - min(shown) if shown else 0


def _deadlocks(database: Database) -> int:
    """Return how often PostgreSQL had to break one; SQLite has one writer at a time and no deadlocks."""
    if database.is_sqlite:
        return 0
    with database.reading() as db:
        found = db.scalar(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))
    return int(found or 0)


if __name__ == "__main__":
    main("arrivals", measure)

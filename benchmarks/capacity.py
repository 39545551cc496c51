"""How many answers a second the server stores, beside what its database and its stack could do at most.

Three rates of one run, with the same row, table, constraints and fsync: bare INSERT … COMMIT over persistent
connections; the thinnest Flask app under the same gunicorn; the study server. Clients run on the same two cores.
"""

from __future__ import annotations

import itertools
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import delete, make_url, select, text

from benchmarks.harness import Figure, main
from benchmarks.load import WORKERS, Line, _free_port, answer, enter, make_study, percentile, send, serving, wait_for
from benchmarks.postgres import postgres
from benchmarks.thinnest import INSERT
from study_server.db import Database
from study_server.models import Answer, Session, Trial

PEOPLE = 100
TRIALS = 400  # people times trials is how many rows there are: more than the fastest inserts in a step
LIMIT_S = 0.25
RATIO = 0.7
CLIENTS, QUICK_CLIENTS = (4, 8, 16, 32), (8,)
STEP_S, QUICK_STEP_S = 8.0, 2.0
ROUNDS, QUICK_ROUNDS = 5, 2
CONNECTIONS = (1, 4, 8)

Deed = Callable[[], bool]


@dataclass
class Pace:
    """How fast something went."""

    rate: float
    p99_s: float
    failures: int
    seconds: list[float] = field(default_factory=list, repr=False)


def measure(quick: bool) -> list[Figure]:
    """Measure the three rates in turn on one PostgreSQL."""
    step_s, rounds = (QUICK_STEP_S, QUICK_ROUNDS) if quick else (STEP_S, ROUNDS)
    with ExitStack() as stack:
        url = stack.enter_context(stack.enter_context(postgres()).database())
        database = make_study(url, places=PEOPLE, trials=TRIALS)
        stack.callback(database.close)
        people, rows = enter(database, PEOPLE), _Rows(database)
        ours, _ = stack.enter_context(serving(url, WORKERS))
        thin = stack.enter_context(_thinnest(url))
        bare = {n: _run(n, step_s, lambda: _inserting(url, rows), database) for n in CONNECTIONS}
        paces: dict[str, list[Pace]] = {"ours": [], "thin": []}
        _run(4, step_s, lambda: _posting(thin, rows), database)  # neither is measured cold
        _run(4, step_s, lambda: _answering(ours, people), database)
        for _, clients in itertools.product(range(rounds), QUICK_CLIENTS if quick else CLIENTS):
            paces["thin"].append(_run(clients, step_s, lambda: _posting(thin, rows), database))
            paces["ours"].append(_run(clients, step_s, lambda: _answering(ours, people), database))
    return _figures(paces, bare, rounds)


def _figures(paces: dict[str, list[Pace]], bare: dict[int, Pace], rounds: int) -> list[Figure]:
    ours, thin = (_best(paces[name], rounds) for name in ("ours", "thin"))
    pairs = sorted(a / b for a, b in zip(ours, thin, strict=True))
    middle = sorted(ours)[len(ours) // 2], sorted(thin)[len(thin) // 2]
    failures = sum(pace.failures for every in paces.values() for pace in every)
    most = max(pace.rate for pace in bare.values())
    held = [pace.p99_s for pace in paces["ours"] if pace.p99_s < LIMIT_S]
    within = f"p99 < {LIMIT_S} s"
    return [
        Figure(
            "study server / thinnest app", pairs[len(pairs) // 2], "", RATIO, ">=", "the same", 1.0, pairs[0], pairs[-1]
        ),
        Figure(f"study server, {within}", middle[0], "/s", 75.0, ">=", "thinnest app", middle[1], min(ours), max(ours)),
        Figure("p99 of the study server", max(held, default=float("inf")), "s", LIMIT_S, "<=", "limit", LIMIT_S),
        *[
            Figure(f"bare INSERT, {n} connections", pace.rate, "/s", 0.0, ">=", "most of them", most)
            for n, pace in bare.items()
        ],
        Figure("errors", float(failures), "", 0.0, "<=", "of all", 0.0),
    ]


def _best(paces: Sequence[Pace], rounds: int) -> list[float]:
    """Return, for each round, the highest rate whose p99 holds."""
    size = len(paces) // rounds
    return [
        max((p.rate for p in paces[k * size : (k + 1) * size] if p.p99_s < LIMIT_S), default=0.0) for k in range(rounds)
    ]


def _run(clients: int, step_s: float, begin: Callable[[], Iterator[bool]], database: Database) -> Pace:
    """Let clients act one after the other deed for a while, then empty the table for the next."""
    seconds: list[float] = []
    failures, end = [0] * clients, time.monotonic() + step_s

    def act(number: int) -> None:
        deeds = begin()
        while time.monotonic() < end:
            began = time.perf_counter()
            if next(deeds):
                seconds.append(time.perf_counter() - began)
            else:
                failures[number] += 1
        deeds.close()  # type: ignore[attr-defined] # a generator

    threads = [threading.Thread(target=act, args=(number,)) for number in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(
        f"{clients} clients: {len(seconds) / (time.monotonic() - began):.0f}/s, p99 {percentile(seconds, 0.99):.3f} s"
    )
    pace = Pace(len(seconds) / (time.monotonic() - began), percentile(seconds, 0.99), sum(failures), seconds)
    _empty(database)
    return pace


def _empty(database: Database) -> None:
    with database.writing() as db:
        db.execute(delete(Answer))
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE answer, session"))
    _TAKEN.clear()


_TAKEN: dict[str, itertools.count[int]] = {}
_LOCK = threading.Lock()


def _next(name: str) -> int:
    with _LOCK:
        return next(_TAKEN.setdefault(name, itertools.count()))


class _Rows:
    """Rows that fit the constraints, for who has no study server: every pair of a session and a trial once."""

    def __init__(self, database: Database) -> None:
        pairs = select(Session.id, Trial.id, Trial.trial_index).join(Trial, Trial.slot_id == Session.slot_id)
        with database.reading() as db:
            found = db.execute(pairs.order_by(Trial.trial_index)).all()
        self._pairs = [(session, trial, index) for session, trial, index in found]

    def next(self) -> dict[str, Any]:
        """Return a row that is not in the table yet."""
        session, trial, index = self._pairs[_next("rows") % len(self._pairs)]
        row = answer(index, random.Random())  # noqa: S311
        del row["trial"]
        return {**row, "session_id": session, "trial_id": trial, "position": index, "salt": "0" * 32, "link": "0" * 64}


def _inserting(url: str, rows: _Rows) -> Iterator[bool]:
    """Insert and commit over one persistent connection."""
    with psycopg.connect(_plain(url)) as connection:
        while True:
            row = rows.next()
            with connection.transaction():
                connection.execute(INSERT, row)
            yield True


def _posting(address: str, rows: _Rows) -> Iterator[bool]:
    """Send rows to the thinnest app."""
    line = Line(address)
    while True:
        body = json.dumps(rows.next()).encode()
        yield line.call("POST", "/answers", body, **{"Content-Type": "application/json"})[0] == 200


def _answering(address: str, people: Sequence[tuple[int, str]]) -> Iterator[bool]:
    """Send answers to the study server, every person's next trial in turn."""
    line, rng = Line(address), random.Random()  # noqa: S311
    while True:
        trial, person = divmod(_next("people"), len(people))
        yield send(line, people[person][1], answer(trial, rng)) == 200


@contextmanager
def _thinnest(url: str) -> Iterator[str]:
    port = _free_port()
    code = f"import sys; from benchmarks.thinnest import serve; serve(sys.argv[1], {port}, {WORKERS})"
    process = subprocess.Popen([sys.executable, "-c", code, _plain(url)])  # noqa: S603 - our own program
    try:
        wait_for(f"http://127.0.0.1:{port}/readyz")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


if __name__ == "__main__":
    main("capacity", measure)

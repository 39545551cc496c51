"""Three hundred people answer at once, one answer every four seconds each: nothing is lost, nothing is doubled."""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.harness import Figure, main
from benchmarks.load import Line, answer, enter, make_study, percentile, send, serving, stored
from benchmarks.postgres import postgres

PEOPLE = 300
THINK_S = 4.0
MINUTES, QUICK_MINUTES = 2.0, 0.12
TARGET_S = 0.25


@dataclass
class Tally:
    """What came back to the people."""

    seconds: list[float] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)


def measure(quick: bool, minutes: float = MINUTES) -> list[Figure]:
    """Let people answer on both databases."""
    minutes = QUICK_MINUTES if quick else minutes
    with postgres() as server, server.database() as url:
        figures = _answer(url, "PostgreSQL", minutes)
    with tempfile.TemporaryDirectory() as folder:
        return figures + _answer(f"sqlite:///{folder}/study.db", "SQLite", minutes)


def _answer(url: str, kind: str, minutes: float) -> list[Figure]:
    trials = int(minutes * 60 / THINK_S * 1.5) + 5
    database, tally = make_study(url, places=PEOPLE, trials=trials), Tally()
    people = enter(database, PEOPLE)
    workers = 1 if database.is_sqlite else 2
    with serving(url, workers) as (address, _):
        end = time.monotonic() + minutes * 60
        threads = [
            threading.Thread(target=_take, args=(address, bearer, tally, end, seed))
            for seed, (_, bearer) in enumerate(people)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    kept = Counter(stored(database))
    database.close()
    if tally.failures:
        print(f"{kind}: {dict(tally.failures)}")
    lost = sum(uuid not in kept for uuid in tally.acknowledged)
    doubled = sum(times - 1 for times in kept.values())
    return _figures(kind, tally, lost, doubled, minutes)


def _take(address: str, bearer: str, tally: Tally, end: float, seed: int) -> None:
    """Answer one trial after the other, with a pause for looking, until the time is over."""
    rng, line = random.Random(seed), Line(address)  # noqa: S311 - people, not secrets
    time.sleep(rng.uniform(0, THINK_S))
    trial = 0
    while time.monotonic() < end:
        body = answer(trial, rng)
        began = time.perf_counter()
        try:
            status = send(line, bearer, body)
        except OSError as error:
            status, tally.failures[str(error)] = 0, tally.failures[str(error)] + 1
        seconds = time.perf_counter() - began
        if status == 200:
            trial += 1
            tally.seconds.append(seconds)
            tally.acknowledged.append(body["uuid"])
        elif status:
            tally.failures[str(status)] += 1
        time.sleep(max(0.0, rng.uniform(0.75, 1.25) * THINK_S - seconds))
    line.close()


def _figures(kind: str, tally: Tally, lost: int, doubled: int, minutes: float) -> list[Figure]:
    p99, median = percentile(tally.seconds, 0.99), percentile(tally.seconds, 0.5)
    rate = len(tally.seconds) / (minutes * 60)
    said = f"{len(tally.acknowledged)} acknowledged"
    return [
        Figure(f"{kind}: p99 of an answer", p99, "s", TARGET_S, "<=", "median", median),
        Figure(f"{kind}: answers", rate, "/s", 0.9 * PEOPLE / THINK_S, ">=", "asked for", PEOPLE / THINK_S),
        Figure(f"{kind}: errors", float(sum(tally.failures.values())), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: lost answers", float(lost), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: doubled answers", float(doubled), "", 0.0, "<=", said, 0.0),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long, instead of two minutes")
    options, rest = parser.parse_known_args(sys.argv[1:])
    main("steady", lambda quick: measure(quick, options.minutes), rest)

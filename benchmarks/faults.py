"""Workers are killed, databases cut off, disks filled, requests lost, doubled and reordered: is every answer there?

Every client sends each answer until it is acknowledged. At the end of all rounds, what was acknowledged must be what
is stored, each once.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil

from benchmarks.harness import Figure, main
from benchmarks.load import Line, answer, enter, make_study, send, serving, stored
from benchmarks.postgres import Postgres, postgres
from study_server.db import Database
from study_server.verification import verify

ROUNDS, QUICK_ROUNDS = 20, 2
PEOPLE = 6
PER_ROUND = 8
DOUBLED = 0.2
LOST = 0.1
SKEWS_H = (-1, 0, 1)
DISK_MB = 24
PATIENCE_S = 90

Blow = Callable[[], None]


@dataclass
class Tally:
    """What the people did and got."""

    acknowledged: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    unsent: int = 0


def measure(quick: bool) -> list[Figure]:
    """Hurt the server on both databases."""
    rounds = QUICK_ROUNDS if quick else ROUNDS
    with ExitStack() as stack:
        server = stack.enter_context(postgres())
        server.make_recovery_short()
        url = stack.enter_context(server.database())
        figures = _hurt(url, "PostgreSQL", rounds, _cut_off(server))
    with _small_disk() as (folder, fill):
        return figures + _hurt(f"sqlite:///{folder}/study.db", "SQLite", rounds, fill)


def _hurt(url: str, kind: str, rounds: int, blow: Blow | None) -> list[Figure]:
    """Let people answer for some rounds while the worker and the database are hurt at random moments."""
    rng, tally = random.Random(rounds), Tally()  # noqa: S311 - chance, not secrets
    database = make_study(url, places=PEOPLE, trials=rounds * PER_ROUND)
    people = enter(database, PEOPLE)
    with serving(url) as (address, master):
        for number in range(rounds):
            _round(address, people, number, tally, rng, [_kill_a_worker(master, rng), *([blow] if blow else [])])
    figures = _figures(database, kind, tally, rounds, has_blow=blow is not None)
    database.close()
    return figures


def _round(
    address: str,
    people: Sequence[tuple[int, str]],
    number: int,
    tally: Tally,
    rng: random.Random,
    blows: Sequence[Blow],
) -> None:
    trials = range(number * PER_ROUND, (number + 1) * PER_ROUND)
    threads = [
        threading.Thread(target=_answer_all, args=(address, bearer, list(trials), tally, rng.getrandbits(32)))
        for _, bearer in people
    ]
    for thread in threads:
        thread.start()
    for blow in rng.sample(list(blows), len(blows)):
        time.sleep(rng.uniform(0.05, 0.4))
        blow()
    for thread in threads:
        thread.join()


def _answer_all(address: str, bearer: str, trials: list[int], tally: Tally, seed: int) -> None:
    """Send answers in any order, some twice, some answers' acknowledgements thrown away, until all are acknowledged."""
    rng, line = random.Random(seed), Line(address, timeout_s=10)  # noqa: S311
    skew = timedelta(hours=rng.choice(SKEWS_H))
    waiting = [answer(trial, rng, skew) for trial in trials]
    rng.shuffle(waiting)
    end = time.monotonic() + PATIENCE_S
    while waiting and time.monotonic() < end:
        body = waiting[rng.randrange(min(3, len(waiting)))]
        status = _try(line, bearer, body, tally)
        if status == 200 and rng.random() < DOUBLED:
            status = _try(line, bearer, body, tally)
        if status == 200 and rng.random() >= LOST:
            tally.acknowledged[body["uuid"]] += 1
            waiting.remove(body)
        elif status != 200:
            time.sleep(rng.uniform(0.05, 0.3))
        time.sleep(rng.uniform(0, 0.1))
    tally.unsent += len(waiting)
    line.close()


def _try(line: Line, bearer: str, body: dict[str, object], tally: Tally) -> int:
    try:
        status = send(line, bearer, body)
    except OSError:
        status = 0
    tally.requests[str(status) if status else "broken off"] += 1
    return status


def _kill_a_worker(master: int, rng: random.Random) -> Blow:
    """Return a blow that kills one of the server's own workers with SIGKILL."""

    def kill() -> None:
        workers = psutil.Process(master).children()
        if workers:
            rng.choice(workers).kill()

    return kill


def _cut_off(server: Postgres) -> Blow | None:
    """Return a blow that stops PostgreSQL as a power cut would, and starts it again; none if it is not ours."""
    return server.restart_at_once if server.is_ours else None


@contextmanager
def _small_disk() -> Iterator[tuple[Path, Blow | None]]:
    """Yield a folder on a small disk in memory, and a blow that fills it for a moment; without the right to, none."""
    folder = Path(tempfile.mkdtemp(prefix="bfdisk"))
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    words = [str(mount), "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    is_small = bool(mount and unmount and os.geteuid() == 0) and (
        subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed words
    )
    if not is_small:
        print("No right to mount a small disk: the full disk is left out.", file=sys.stderr)

    def fill() -> None:
        ballast = folder / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                time.sleep(0.7)
        ballast.unlink()

    try:
        yield folder, fill if is_small else None
    finally:
        if is_small:
            subprocess.run([str(unmount), str(folder)], check=False)  # noqa: S603
        shutil.rmtree(folder, ignore_errors=True)


def _figures(database: Database, kind: str, tally: Tally, rounds: int, *, has_blow: bool) -> list[Figure]:
    database.engine.dispose()  # what was opened before the database was cut off
    kept = Counter(stored(database))
    with database.reading() as db:
        faults = verify(db).faults
    lost = sum(uuid not in kept for uuid in tally.acknowledged)
    doubled = sum(times - 1 for times in kept.values())
    strange = sum(uuid not in tally.acknowledged for uuid in kept)
    print(f"{kind}: {rounds} rounds, {sum(kept.values())} stored, answers to {dict(tally.requests)}")
    said = f"{len(tally.acknowledged)} acknowledged"
    hurt = float(has_blow)
    return [
        Figure(f"{kind}: acknowledged and not stored", float(lost), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: stored twice", float(doubled), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: stored and never acknowledged", float(strange), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: given up", float(tally.unsent), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: faults in the chains", float(len(faults)), "", 0.0, "<=", said, 0.0),
        Figure(f"{kind}: workers killed, database hurt", (1 + hurt) * rounds, "", 2.0 * rounds, ">=", "rounds", rounds),
    ]


if __name__ == "__main__":
    main("faults", measure)

"""Is every prompt measured exactly once, to the last bit, however often the measurement is killed?

Runs are killed with SIGKILL at random moments and begun again, without Ray and with two workers on Ray, where the
driver and single workers die in turn.
"""

import multiprocessing
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import measuring
from benchmarks.harness import Figure, main
from benchmarks.measuring import SLOTS, STEPS, Sleeping, jobs, notes, table, work

KILLS, QUICK_KILLS, QUICK_RAY_KILLS = 10, 2, 1
JOBS, QUICK_JOBS = 60, 12
WORKERS = 2
SLEEPS = 40
SLEEP_S = 0.5  # Ray deals shorter batches one by one; real ones take many seconds
OVER_ONE = 1.8
PATIENCE_S = 600
_SPAWN = multiprocessing.get_context("spawn")


@dataclass
class Tally:
    """What the killing of one measurement came to.

    Attributes:
        kills: Processes that were killed on purpose.
        workers_killed: Processes that measured, and died with or as one of these.
        left_behind: Processes of a killed run that were still there after a while.
    """

    kills: int = 0
    workers_killed: int = 0
    left_behind: int = 0


def measure(quick: bool) -> list[Figure]:
    """Measure once without a break, then with kills, and compare."""
    count = QUICK_JOBS if quick else JOBS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        digest = measuring.load_scenes()[0].digest
        work(_made(folder / "whole"), digest, count, 0)
        here = _figures(folder, digest, count, 0, QUICK_KILLS if quick else KILLS)
        ray = _figures(folder, digest, count, WORKERS, QUICK_RAY_KILLS if quick else KILLS)
        return here + ray + ([] if quick else [_speed(folder)])


def _figures(root: Path, digest: str, count: int, workers: int, kills: int) -> list[Figure]:
    """Kill and resume a measurement until it is whole, and compare it with the one that was not killed."""
    folder, whole, wanted = _made(root / str(workers)), _rows(root / "whole"), count * len(STEPS)
    tally = _killed(folder, digest, count, workers, kills, _span(root / "whole") * SLOTS / count)
    found, begun = _rows(folder), Counter(note.batch for note in notes(folder))
    keys = Counter(zip(*(found[name].to_pylist() for name in ("prompt", "seed", "num_steps")), strict=True))
    differing = sum(not found[name].equals(whole[name]) for name in whole.column_names)
    kind = "Ray" if workers else "one process"
    redone = sum(begun.values()) - len(begun)
    zero = [
        ("duplicate rows", found.num_rows - len(keys), "rows", wanted),
        ("lost rows", wanted - len(keys), "rows", wanted),
        ("columns that differ", differing, "columns", len(whole.column_names)),
        ("processes left behind", tally.left_behind, "kills", tally.kills),
    ]
    return [
        *(Figure(f"{kind}: {name}", value, "", 0, "<=", beside, of) for name, value, beside, of in zero),
        Figure(f"{kind}: kills", tally.kills, "", kills, ">=", "batches", len(begun)),
        Figure(f"{kind}: batches begun again", redone, "", tally.workers_killed, "<=", "batches", len(begun)),
    ]


def _killed(folder: Path, digest: str, count: int, workers: int, kills: int, batch_s: float) -> Tally:
    """Kill a run again and again, each time within the batch after some random number; let it then come to its end."""
    rng, tally = random.Random(kills + workers), Tally()  # noqa: S311 - chance, not secrets
    most = max(1, count // SLOTS // kills - 1)
    process = _begun(folder, digest, count, workers)
    for _ in range(kills):
        _await_batches(folder, process, rng.randint(1, most))
        time.sleep(rng.uniform(0, batch_s))
        if not process.is_alive():
            break
        _kill(process, folder, workers, tally)
        process = process if process.is_alive() else _begun(folder, digest, count, workers)
    process.join()
    return tally


def _kill(process: BaseProcess, folder: Path, workers: int, tally: Tally) -> None:
    """Kill the run with all that belongs to it; every second time on Ray only the worker that began a batch last."""
    only_worker = bool(workers) and tally.kills % 2 == 1
    children = psutil.Process(process.pid).children(recursive=True)
    if only_worker:
        psutil.Process(notes(folder)[-1].pid).kill()
    else:
        process.kill()
        process.join()
        tally.left_behind += _left_behind(children)
    tally.kills += 1
    tally.workers_killed += 1 if only_worker else max(workers, 1)


def _left_behind(processes: Sequence[psutil.Process], timeout_s: float = 120) -> int:
    """Return how many processes are still at work after a while; those that only wait to be reaped are not."""
    end_s = time.monotonic() + timeout_s
    while (left := sum(map(_works, processes))) and time.monotonic() < end_s:
        time.sleep(0.1)
    return left


def _works(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _begun(folder: Path, digest: str, count: int, workers: int) -> BaseProcess:
    process = _SPAWN.Process(target=work, args=(folder, digest, count, workers))
    process.start()
    return process


def _await_batches(folder: Path, process: BaseProcess, count: int) -> None:
    """Wait until so many more batches are begun, or the run is over."""
    wanted, end_s = len(notes(folder)) + count, time.monotonic() + PATIENCE_S
    while len(notes(folder)) < wanted and process.is_alive():
        if time.monotonic() > end_s:
            raise TimeoutError(f"no further batch was begun within {PATIENCE_S} s")
        time.sleep(0.01)


def _rows(folder: Path) -> pa.Table:
    """Return the measured rows in one order, whatever order they were measured in."""
    return pq.read_table(table(folder).opened()).sort_by([(name, "ascending") for name in ("prompt", "num_steps")])


def _span(folder: Path) -> float:
    """Return the seconds from the first beginning of a batch to the last end."""
    return max(note.at_s for note in notes(folder, "ended")) - min(note.at_s for note in notes(folder))


def _speed(root: Path) -> Figure:
    """Let one worker and two sleep through the same batches; all workers are there before the first batch begins."""
    import ray.data

    context = ray.data.DataContext.get_current()
    before, context.wait_for_min_actors_s = context.wait_for_min_actors_s, PATIENCE_S
    one, two = (_slept(_made(root / f"sleeping-{count}"), count) for count in (1, WORKERS))
    context.wait_for_min_actors_s = before
    return Figure("Ray: two workers over one, sleeping", one / two, "", OVER_ONE, ">=", "two of them", WORKERS)


def _slept(folder: Path, workers: int) -> float:
    """Return the seconds that workers need for batches of sleep."""
    from budgetfusion.workers import Workers

    measurer = Sleeping(
        measuring.load_scenes, "sleeping", "none", table(folder), SLOTS, log=measuring.log(folder), seconds=SLEEP_S
    )
    every = jobs(SLEEPS * SLOTS)
    batches = [tuple(every[k : k + SLOTS]) for k in range(0, len(every), SLOTS)]
    list(Workers(workers, "cpu")(measurer, batches))
    return _span(folder)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main("measure_resume", measure)

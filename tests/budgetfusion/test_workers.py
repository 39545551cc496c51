"""Workers on Ray: each batch once, errors as they are, and nothing left behind."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from budgetfusion.errors import MetricNotFiniteError, WorkersUnavailableError
from budgetfusion.measurements import MEASUREMENT, read_table

workers = pytest.importorskip("budgetfusion.workers", reason="needs the extra 'distributed'")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")
"""Ray Data warns of its own settings when it copies them."""

BATCHES = [(("a", k), ("b", k)) for k in range(12)] + [(("c", 0),)]
"""As a measurer of two slots would get them; the last is smaller."""


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    """A Ray of two processors for several tests."""
    ray = pytest.importorskip("ray")
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 * 2**20)
    yield
    ray.shutdown()


def stub(folder: Path, **settings: Any) -> Any:
    """Return a measurer that sleeps, and that pickles by value, since a worker cannot import a test."""

    class Stub:
        slots, seconds, is_mortal, fault, meets = 2, 0.1, False, None, 1

        def __call__(self, batch: Any) -> None:
            if self.is_mortal and not (folder / "died").exists():
                (folder / "died").touch()
                os.kill(os.getpid(), signal.SIGKILL)
            (folder / f"at-work-{os.getpid()}").touch()
            patience_s = time.monotonic() + 60
            while len(list(folder.glob("at-work-*"))) < self.meets and time.monotonic() < patience_s:
                time.sleep(0.01)
            time.sleep(self.seconds)
            if self.fault and batch == BATCHES[5]:
                raise self.fault
            name = "-".join(f"{prompt}{seed}" for prompt, seed in batch)
            with (folder / "log").open("a") as file:
                file.write(f"{name} {len(list(folder.glob('at-work-*')))}\n")

    made = Stub()
    vars(made).update(settings)
    return made


def log(folder: Path) -> list[tuple[str, int]]:
    """Return what the stubs wrote: each batch, and how many processes had been at work when it was done."""
    lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    return [(name, int(processes)) for name, processes in lines]


def test_workers_are_silent_and_leave_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Ray is started for them, says only that it was told to be quiet, and is gone with all its processes."""
    before = set(psutil.Process().children())

    found = list(workers.Workers(1, "cpu")(stub(tmp_path, seconds=0.0), BATCHES))

    assert sorted(found) == sorted(BATCHES)
    said = capfd.readouterr()
    assert (said.out, [line for line in said.err.splitlines() if "RAY_BACKEND_LOG_LEVEL" not in line]) == ("", [])
    _, left = psutil.wait_procs(set(psutil.Process().children()) - before, timeout=10)
    assert left == []


def test_a_killed_worker_costs_no_batch(running: None, tmp_path: Path) -> None:
    """One of two dies of SIGKILL in its first batch; every batch is measured and yielded once."""
    found = list(workers.Workers(2, "cpu")(stub(tmp_path, is_mortal=True), BATCHES))

    assert sorted(found) == sorted(BATCHES)
    assert sorted(name for name, *_ in log(tmp_path)) == sorted("-".join(f"{p}{s}" for p, s in b) for b in BATCHES)


def test_two_workers_work_at_once(running: None, tmp_path: Path) -> None:
    """The first batch of each ends only when the other's has begun, and none has to wait in vain for that."""
    list(workers.Workers(2, "cpu")(stub(tmp_path, seconds=0.0, meets=2), BATCHES))

    assert {processes for _, processes in log(tmp_path)} == {2}


def test_an_error_of_a_worker_is_the_callers(running: None, tmp_path: Path) -> None:
    """With its type and its facts, so that the command line says it in one line."""
    fault = MetricNotFiniteError("a", 5, 2, "d_sim", float("inf"))
    with pytest.raises(MetricNotFiniteError, match=r"'a' \(seed 5, 2 steps\): found d_sim = inf"):
        list(workers.Workers(1, "cpu")(stub(tmp_path, seconds=0.0, fault=fault), BATCHES))


def test_too_many_workers_are_refused(running: None, tmp_path: Path) -> None:
    """Rather than waiting for a processor that never comes."""
    with pytest.raises(WorkersUnavailableError, match=r"3 worker\(s\) need a CPU each: found 2 in Ray, expected 3"):
        list(workers.Workers(3, "cpu")(stub(tmp_path), BATCHES))
    with pytest.raises(WorkersUnavailableError, match=r"1 worker\(s\) need a GPU each: found 0 in Ray, expected 1"):
        list(workers.Workers(1, "cuda")(stub(tmp_path), BATCHES))


def test_no_batch_needs_no_ray() -> None:
    """A table that is whole is at once."""
    assert list(workers.Workers(2, "cpu")(stub(Path()), [])) == []


def test_rows_are_the_same_bits_with_and_without_ray(running: None, one_thread: None, tmp_path: Path) -> None:
    """The same model, loaded there and here; a run without Ray finishes what one on Ray began."""
    from benchmarks import measuring
    from budgetfusion.measure import in_turn, measure_with

    model, encoder = measuring.load_scenes()
    names = model.digest, encoder.name
    here, there = (
        measuring.Noting(measuring.load_scenes, *names, measuring.table(folder), 2, (1, 2), log=folder / "log")
        for folder in (tmp_path / "here", tmp_path / "there")
    )
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    jobs = measuring.jobs(5)
    next(workers.Workers(1, "cpu")(there, [tuple(jobs[:2])]))

    rows = measure_with(there, jobs, run=in_turn)

    assert len(measuring.notes(tmp_path / "there")) == 3
    assert rows == measure_with(here, jobs) == read_table(measuring.table(tmp_path / "there"), MEASUREMENT)

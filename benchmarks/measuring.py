"""A tiny measurement that can be killed: what it begins is noted in a log, by whom and when."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, load
from budgetfusion.measure import Batch, Job, Measurer, in_turn, measure_with
from budgetfusion.metrics import Encoder
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.parts import Parts
from budgetfusion.places import Place
from budgetfusion.scenes import captions

SLOTS = 2
STEPS = (1, 2, 3, 5)


class Note(NamedTuple):
    """A line of the log: a batch begun or ended, by which process, at which second."""

    what: str
    batch: str
    pid: int
    at_s: float


@dataclass(frozen=True)
class Noting(Measurer):
    """A measurer that keeps a log of its batches, one line each, whole even if several processes write."""

    log: Path = Path("log")

    def __call__(self, batch: Batch) -> None:
        """Measure a batch between two notes."""
        self._note("begun", batch)
        self._work(batch)
        self._note("ended", batch)

    def _work(self, batch: Batch) -> None:
        super().__call__(batch)

    def _note(self, what: str, batch: Batch) -> None:
        line = f"{what} {Parts.name(self.key(batch))} {os.getpid()} {time.monotonic()}\n"
        with self.log.open("a", encoding="utf-8") as file:  # a short line is appended in one call
            file.write(line)


@dataclass(frozen=True)
class Sleeping(Noting):
    """Sleeps instead of measuring, which two can do at once on any machine, and leaves an empty part."""

    seconds: float = 0.1

    def _work(self, batch: Batch) -> None:
        time.sleep(self.seconds)
        self.parts.write(self.key(batch), [])


def jobs(count: int) -> list[Job]:
    """Return so many prompts, each with one seed."""
    return [(prompt, 0) for prompt in captions.captions(held_out=True, each=-(-count // 6))[:count]]


def load_scenes() -> tuple[Model, Encoder]:
    """Load the embedded model on the CPU, and the features of the metrics."""
    return load(GenerationConfig(), "cpu"), scene_encoder()


def work(folder: Path, digest: str, count: int, workers: int) -> None:
    """Measure into a folder, with workers on Ray or, with none, in this process: what is killed and begun again."""
    measurer = Noting(load_scenes, digest, scene_encoder().name, table(folder), SLOTS, STEPS, log=log(folder))
    if workers:
        from budgetfusion.workers import Workers

        measure_with(measurer, jobs(count), run=Workers(workers, "cpu"))
    else:
        measure_with(measurer, jobs(count), run=in_turn)


def table(folder: Path) -> Place:
    """Return where the measurement table lies."""
    return Place(folder / "m.parquet")


def log(folder: Path) -> Path:
    """Return where the log lies."""
    return folder / "log"


def notes(folder: Path, what: str = "begun") -> list[Note]:
    """Return the log's lines of one kind."""
    return [note for note in _notes(log(folder)) if note.what == what]


def _notes(path: Path) -> Iterator[Note]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for line in lines:
        what, batch, pid, at_s = line.split()
        yield Note(what, batch, int(pid), float(at_s))

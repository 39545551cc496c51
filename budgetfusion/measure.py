"""Measuring quality against step count: prompts x knots x seeds -> the measurement table, resumable."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from budgetfusion.budgets import prompt_id
from budgetfusion.diffusion.engine import SLOTS
from budgetfusion.diffusion.ladder import Ladder, ladder
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError, MetricNotFiniteError
from budgetfusion.latents import LatentsFolder
from budgetfusion.measurements import MEASUREMENT, read_table, write_table
from budgetfusion.metrics import Encoder, measure_images
from budgetfusion.parts import Parts
from budgetfusion.places import Place, place
from budgetfusion.steps import KNOTS

METHOD = "euler"
Row = dict[str, Any]
Job = tuple[str, int]
"""A prompt and a seed."""

Batch = tuple[Job, ...]
"""Jobs that are measured and written together."""


@dataclass(frozen=True)
class Measurer:
    """Measures batches of jobs and leaves each as a part of its own; another process can take it and load it there.

    Attributes:
        load: Returns the diffusion model and the features of the metrics; called once, before the first batch.
        digest: Of the model.
        encoder: Name of what the metrics look through.
        table: The measurement table that the parts are of.
        slots: Images that are denoised together, and jobs of a batch.
        steps: Step counts, ascending; the metrics compare with the image at the last.
        latents: Where the images' latents are kept; none keeps none.
    """

    load: Callable[[], tuple[Model, Encoder]]
    digest: str
    encoder: str
    table: Place
    slots: int = SLOTS
    steps: tuple[int, ...] = KNOTS
    latents: LatentsFolder | None = None

    def __call__(self, batch: Batch) -> None:
        """Measure a batch and leave its part: the last thing that is written, so a part is finished or not there.

        Raises:
            FileContentError: If the loaded model, or encoder, is another one than was asked for.
            MetricNotFiniteError: If a metric is not a number.
        """
        model, encoder = self._loaded
        images = _images(model, batch, self.slots, self.steps)
        if self.latents:
            self.latents.keep(self.key(batch), images.latents, batch, self.steps, self.digest)
        self.parts.write(self.key(batch), _rows(model, encoder, batch, images, self.steps))

    @property
    def parts(self) -> Parts:
        """The finished batches."""
        return Parts(self.table, MEASUREMENT)

    def key(self, batch: Batch) -> list[Any]:
        """Return all that a batch's rows depend on."""
        return [self.digest, self.encoder, self.slots, list(self.steps), [list(job) for job in batch]]

    def unfinished(self, batches: Sequence[Batch]) -> list[Batch]:
        """Return the batches that lack a part, or latents where these are wanted."""
        parts, kept = self.parts.finished(), self.latents.finished() if self.latents else None
        return [
            batch
            for batch in batches
            if Parts.name(self.key(batch)) not in parts
            or (kept is not None and LatentsFolder.name(self.key(batch)) not in kept)
        ]

    @cached_property
    def _loaded(self) -> tuple[Model, Encoder]:
        model, encoder = self.load()
        if model.digest != self.digest:
            remedy = "Give every worker the same files of the model."
            raise FileContentError(model.config.model, f"digest {model.digest[:12]}", self.digest[:12], remedy)
        if encoder.name != self.encoder:
            raise FileContentError("Encoder", encoder.name, self.encoder, "Give every worker the same weights.")
        return model, encoder


Run = Callable[[Measurer, Sequence[Batch]], Iterator[Batch]]
"""Measures batches and yields each once its part is there, in any order."""


def in_turn(measurer: Measurer, batches: Sequence[Batch]) -> Iterator[Batch]:
    """Measure one batch after the other in this process."""
    for batch in batches:
        measurer(batch)
        yield batch


def measure(
    model: Model,
    encoder: Encoder,
    jobs: Sequence[Job],
    path: Path,
    *,
    batch_size: int = SLOTS,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Row]:
    """Measure every job at every knot in this process, with a loaded model; see `measure_with`.

    Args:
        model: The diffusion model.
        encoder: The features of the metrics.
        jobs: Prompts and seeds.
        path: The measurement table.
        batch_size: Images that are denoised together, and jobs that are written together.
        progress: Called with the number of jobs that are done.
    """
    measurer = Measurer(lambda: (model, encoder), model.digest, encoder.name, place(path), batch_size)
    return measure_with(measurer, jobs, progress=progress)


def measure_with(
    measurer: Measurer,
    jobs: Sequence[Job],
    *,
    run: Run = in_turn,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Row]:
    """Measure every job and write the measurement table; what is already measured is kept.

    Finished batches lie beside the table until the end, so a run that stops goes on where it stopped, whoever
    measures the rest.

    Args:
        measurer: Measures a batch; it says how large one is, and where the table lies.
        jobs: Prompts and seeds, measured in this order.
        run: Where the batches are measured.
        progress: Called with the number of jobs that are done, at first with those of earlier runs.

    Returns:
        All rows of the table, those that were kept first.

    Raises:
        FileContentError: If the table holds rows of another model or encoder, or if finished parts are not beside it.
    """
    kept = _known_rows(measurer)
    known = {(row["prompt"], row["seed"]) for row in kept}
    missing = [job for job in dict.fromkeys(jobs) if job not in known]
    batches = [tuple(missing[k : k + measurer.slots]) for k in range(0, len(missing), measurer.slots)]
    left = measurer.unfinished(batches)
    done = len(known) + len(missing) - sum(map(len, left))
    progress(done)
    for batch in run(measurer, left):
        done += len(batch)
        progress(done)
    return _finish(measurer, kept, batches)


def measure_batch(
    model: Model, encoder: Encoder, batch: Sequence[Job], slots: int = SLOTS, steps: Sequence[int] = KNOTS
) -> list[Row]:
    """Return the rows of a batch of jobs: each at every step count, against its own image at the last.

    On one machine a row depends on its job and on `slots`, and not on the other jobs.
    """
    return _rows(model, encoder, batch, _images(model, batch, slots, steps), steps)


def _images(model: Model, batch: Sequence[Job], slots: int, steps: Sequence[int]) -> Ladder:
    prompts, seeds = [prompt for prompt, _ in batch], [seed for _, seed in batch]
    return ladder(model, prompts, seeds, steps, slots=slots)


def _rows(model: Model, encoder: Encoder, batch: Sequence[Job], images: Ladder, steps: Sequence[int]) -> list[Row]:
    pairs = zip(batch, images.pixels, strict=True)
    return [row for job, pixels in pairs for row in _rows_of(model, encoder, job, pixels, steps)]


def _rows_of(
    model: Model, encoder: Encoder, job: Job, images: np.ndarray[Any, np.dtype[np.uint8]], steps: Sequence[int]
) -> Iterator[Row]:
    prompt, seed = job
    metrics = measure_images(images, images[-1], encoder)
    for k, num_steps in enumerate(steps):
        values = {name: float(column[k]) for name, column in metrics.items()}
        for name, value in values.items():
            if not isfinite(value):
                raise MetricNotFiniteError(prompt, seed, num_steps, name, value)
        yield {
            "prompt_id": prompt_id(prompt),
            "prompt": prompt,
            "seed": seed,
            "num_steps": num_steps,
            "method": METHOD,
            "i_clip_caption": None,
            **values,
            "encoder": encoder.name,
            "config_digest": model.digest,
        }


def _finish(measurer: Measurer, kept: list[Row], batches: Sequence[Batch]) -> list[Row]:
    """Write the whole table and remove its parts."""
    if unseen := measurer.unfinished(batches):
        found = f"{len(batches) - len(unseen)} finished parts beside it"
        remedy = "Give an --out that every worker reaches: a shared folder, or an object store."
        raise FileContentError(measurer.table, found, str(len(batches)), remedy)
    rows = kept + [row for batch in batches for row in measurer.parts.read(measurer.key(batch))]
    write_table(measurer.table, rows, MEASUREMENT)
    measurer.parts.clear()
    return rows


def _known_rows(measurer: Measurer) -> list[Row]:
    table, wanted = measurer.table, measurer.digest[:12]
    rows = read_table(table, MEASUREMENT) if table.is_there() else []
    if others := {row["config_digest"][:12] for row in rows} - {wanted}:
        remedy = "Give each model and each setting a table of its own."
        raise FileContentError(table, f"rows of model digest {', '.join(sorted(others))}", wanted, remedy)
    if strange := {str(row["encoder"]) for row in rows} - {measurer.encoder}:
        remedy = "Give each encoder, with or without captions, a table of its own."
        raise FileContentError(table, f"rows of encoder {', '.join(sorted(strange))}", measurer.encoder, remedy)
    return rows

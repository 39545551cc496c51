"""What `budgetfusion measure` does with its options: estimate, or measure here or in workers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import click

from budgetfusion.diffusion.estimate import Estimate, estimate
from budgetfusion.diffusion.options import load_model
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.latents import LatentsFolder
from budgetfusion.measure import Job, Measurer, Row, Run, in_turn, measure_with
from budgetfusion.metrics import Encoder
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.places import Place
from budgetfusion.predictor.cli import warn_cut, warn_unknown
from budgetfusion.progress import bar
from budgetfusion.steps import KNOTS


@dataclass(frozen=True)
class Wanted:
    """What is to be measured, and how.

    Attributes:
        jobs: Prompts and seeds.
        out: The measurement table, a path or an address.
        batch_size: Images that are denoised together, and jobs that are written together.
        workers: Processes on Ray; none measures in this one.
        latents: Folder for the images' latents, a path or an address; none keeps none.
        options: Of the model, see `options.load_model`.
    """

    jobs: Sequence[Job]
    out: str
    batch_size: int
    workers: int | None
    latents: str | None
    options: dict[str, Any]

    @cached_property
    def loaded(self) -> tuple[Model, Encoder]:
        """The model and the features of the metrics, in this process."""
        return load(self.options)

    def estimate(self) -> Estimate:
        """Estimate what it costs."""
        model, encoder = self.loaded
        self._warn(model)
        return estimate(model, encoder, len(self.jobs), KNOTS, self.batch_size)

    def measure(self) -> list[Row]:
        """Measure, and return the rows of the table; see `measure.measure_with`."""
        run, model, loads = self._on_ray() if self.workers else self._here()
        self._warn(model)
        folder = LatentsFolder(Place(self.latents)) if self.latents else None
        measurer = Measurer(loads, model.digest, Place(self.out), self.batch_size, latents=folder)
        with bar("measuring", len(self.jobs)) as advance:
            return measure_with(measurer, self.jobs, run=run, progress=advance)

    def _here(self) -> tuple[Run, Model, Callable[[], tuple[Model, Encoder]]]:
        return in_turn, self.loaded[0], lambda: self.loaded

    def _on_ray(self) -> tuple[Run, Model, Callable[[], tuple[Model, Encoder]]]:
        """The workers load the model; this process only needs its digest and its tokenizer."""
        from budgetfusion.workers import Workers

        model = load_model(**(self.options | {"device": "cpu"}), text_only=True)
        return Workers(self.workers or 1, self.options["device"]), model, partial(load, self.options)

    def _warn(self, model: Model) -> None:
        prompts = [prompt for prompt, _ in self.jobs]
        warn_unknown(model.config.model, prompts)
        warn_cut(model.pipe, prompts)
        if model.config.model != "scenes":
            text = "note: D-SIM and I-CLIP look through the encoder of the embedded scenes, at 64 x 64 pixels."
            click.echo(text, err=True)


def load(options: dict[str, Any]) -> tuple[Model, Encoder]:
    """Load the model that the options name, and the features of the metrics; workers do so by themselves."""
    return load_model(**options), scene_encoder()

"""What `budgetfusion measure` does with its options: estimate, or measure here or in workers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from budgetfusion.diffusion import notes
from budgetfusion.diffusion.estimate import Estimate, estimate
from budgetfusion.diffusion.options import load_model
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.latents import LatentsFolder
from budgetfusion.measure import Job, Measurer, Row, Run, in_turn, measure_with
from budgetfusion.metrics import Encoder, encoders
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
        distilled: Whether a model that is distilled to a few steps is meant.
        encoder: What the metrics look through, one of `encoders.NAMES`.
        captions: Whether images are captioned, too.
        options: Of the model, see `options.load_model`.
    """

    jobs: Sequence[Job]
    out: str
    batch_size: int
    workers: int | None
    latents: str | None
    distilled: bool
    encoder: str
    captions: bool
    options: dict[str, Any]

    @cached_property
    def loaded(self) -> tuple[Model, Encoder]:
        """The model and the features of the metrics, in this process."""
        return self._load()

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
        measurer = Measurer(
            loads, model.digest, self._encoder(model.device).name, Place(self.out), self.batch_size, latents=folder
        )
        with bar("measuring", len(self.jobs)) as advance:
            return measure_with(measurer, self.jobs, run=run, progress=advance)

    def _here(self) -> tuple[Run, Model, Callable[[], tuple[Model, Encoder]]]:
        return in_turn, self.loaded[0], lambda: self.loaded

    def _on_ray(self) -> tuple[Run, Model, Callable[[], tuple[Model, Encoder]]]:
        """The workers load the model; this process only needs its digest and its tokenizer."""
        from budgetfusion.workers import Workers

        model = load_model(**(self.options | {"device": "cpu"}), text_only=True)
        notes.refuse_distilled(model, is_meant=self.distilled)
        return Workers(self.workers or 1, self.options["device"]), model, self._load

    def _load(self) -> tuple[Model, Encoder]:
        """Load the model and the encoder; workers do so by themselves, and then the denoiser can tell, too."""
        model = load_model(**self.options)
        notes.refuse_distilled(model, is_meant=self.distilled)
        return model, self._encoder(model.device)

    def _encoder(self, device: str) -> Encoder:
        return encoders.encoder(self.encoder, captions=self.captions, device=device)

    def _warn(self, model: Model) -> None:
        notes.note_single_step(model, KNOTS)
        prompts = [prompt for prompt, _ in self.jobs]
        warn_unknown(model.config.model, prompts)
        warn_cut(model.pipe, prompts)
        if self.encoder == "scenes" and model.config.model != "scenes":
            text = (
                "note: D-SIM and I-CLIP look through the encoder of the embedded scenes, at 64 x 64 pixels; "
                "--encoder dreamsim+clip looks through networks of photographs."
            )
            click.echo(text, err=True)

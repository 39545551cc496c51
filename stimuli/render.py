"""Rendering: what a study still lacks is generated, stored and remembered; the one module here that reaches torch."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from budgetfusion.budgets import Budget, write_budgets
from budgetfusion.diffusion import decoding
from budgetfusion.diffusion.engine import SLOTS, Engine
from budgetfusion.diffusion.jobs import Job
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.metrics import Encoder
from budgetfusion.metrics.d_sim import d_sim
from stimuli.assembly import find_images, freeze, save_image
from stimuli.index import ImageIndex, StoredImage
from stimuli.manifest import Item, Manifest, Renderer, write_manifest
from stimuli.perceived import Perceived, write_perceived
from stimuli.plan import Recipe, plan_items, recipes_of, uniform_budgets
from stimuli.store import Store, encode
from stimuli.studyfile import StudyFile

BUDGETS_NAME = "budgets.parquet"
_VERSIONS = ("torch", "diffusers", "transformers", "numpy", "pillow", "budgetfusion")
_TRIAL_STEPS = (2, 2, 6)  # one to warm up, two to tell the time of a round from that of decoding

ENGINE = f"slots-{SLOTS}"
"""How `images_of` generates, for the manifest."""

Part = tuple[int, int]
"""Which part of how many, from (1, n) to (n, n)."""


def images_of(model: Model, recipes: Sequence[Recipe]) -> Iterator[tuple[Recipe, NDArray[np.uint8]]]:
    """Yield each recipe with its pixels as soon as they are there: the one place that chooses how images are generated.

    The batches of the engine never change their size, so that no image depends on its neighbours, or on where a run
    stopped. One that fails fails alone, and is told after all others are there.

    Raises:
        BudgetFusionError: The first failure of an image.
    """
    engine = Engine(model.pipe, static=True, share=True, width=model.width, height=model.height)
    jobs = [Job(r.prompt, r.seed, r.num_steps or 1, model.config.guidance_scale) for r in recipes]
    failures: list[BaseException] = []
    for place, future in engine.finished(jobs):
        if error := future.exception():
            failures.append(error)
        else:
            yield recipes[place], future.result().pixels
    if failures:
        raise failures[0]


@dataclass(frozen=True)
class Work:
    """What a study still lacks of what a model has to generate."""

    wanted: tuple[Recipe, ...]
    missing: tuple[Recipe, ...]

    @property
    def num_steps(self) -> int:
        """Denoising steps of what is missing."""
        return sum(recipe.num_steps or 1 for recipe in self.missing)


@dataclass(frozen=True)
class Estimate:
    """How long the missing images take and how much disk, judged by trial images."""

    seconds: float
    megabytes: float


class Rendering:
    """A study on its way to images.

    Args:
        study: The study file.
        model: Its diffusion model, loaded.
        budgets: OURS' budgets, one for each prompt; none if no condition asks the predictor.
        folder: Receives `manifest.json`, `budgets.parquet`, `perceived.json`, and the index of what was made.
        store: Where the images go; none: `images/` below the folder.
        part: Which part of how many to work on; a part alone has no manifest.

    Raises:
        EqualConditionsError: If two compared conditions have the same steps everywhere.
    """

    def __init__(
        self,
        study: StudyFile,
        model: Model,
        budgets: Sequence[Budget],
        folder: Path,
        store: Store | None = None,
        part: Part | None = None,
    ) -> None:
        self.study, self.model, self.budgets, self.folder = study, model, list(budgets), folder
        self.store = store or Store(folder, study.stimuli.image_format)
        self.part = part or (1, 1)
        self.index = ImageIndex(folder, self.store, model.digest, part)
        self.planned = plan_items(study.stimuli, {budget.prompt: budget.num_steps for budget in budgets})

    def work(self) -> Work:
        """Look at what is there, and return what this part still lacks."""
        number, count = self.part
        wanted = [recipe for recipe in recipes_of(self.planned) if recipe.source == "model"][number - 1 :: count]
        found = find_images(self.index, wanted)
        return Work(tuple(wanted), tuple(recipe for recipe in wanted if recipe not in found))

    def make(self, work: Work, progress: Callable[[int], None] = lambda steps: None) -> None:
        """Generate what is missing; each image is stored and remembered as soon as it is there.

        Args:
            work: From `work`.
            progress: Called with the number of denoising steps that are done.
        """
        done = 0
        for recipe, pixels in images_of(self.model, work.missing):
            self.index.add(recipe, save_image(self.store, pixels))
            done += recipe.num_steps or 1
            progress(done)

    def finish(self, encoder: Encoder) -> Manifest:
        """Freeze the manifest of all parts, with the budget table and the observers' sidecar.

        Args:
            encoder: For the distances that simulated observers perceive.
        """
        found = find_images(self.index, [r for r in recipes_of(self.planned) if r.source in ("model", "folder")])
        first = next(iter(found.values()))
        manifest = freeze(self.study, self.planned, found, self.store, self._renderer(first))
        write_budgets(self.folder / BUDGETS_NAME, [*self.budgets, *uniform_budgets(self.budgets)])
        write_perceived(self.folder, _perceive(manifest.items, self.store, encoder))
        write_manifest(self.folder, manifest)  # last: a folder with a manifest is complete
        return manifest

    def estimate(self, work: Work) -> Estimate:
        """Generate short trial images, and return what the missing ones will take by them."""
        if not work.missing:
            return Estimate(0.0, 0.0)
        _, (brief, _), (longer, size) = (self._try(work.missing[0], steps) for steps in _TRIAL_STEPS)
        each_round = max(0.0, (longer - brief) / (_TRIAL_STEPS[2] - _TRIAL_STEPS[1]))
        each_decoding = max(0.0, brief - _TRIAL_STEPS[1] * each_round)
        count, longest = len(work.missing), max(recipe.num_steps or 1 for recipe in work.missing)
        rounds, decodings = max(work.num_steps / SLOTS, longest), ceil(count / decoding.BATCH)
        return Estimate(rounds * each_round + decodings * each_decoding, count * size / 1e6)

    def _try(self, recipe: Recipe, num_steps: int) -> tuple[float, int]:
        began = time.perf_counter()
        _, pixels = next(images_of(self.model, [Recipe("model", recipe.prompt, recipe.seed, num_steps)]))
        size = len(encode(pixels, self.store.image_format))
        return time.perf_counter() - began, size

    def _renderer(self, first: StoredImage) -> Renderer:
        config = self.model.config
        return Renderer(
            model=config.model,
            revision=self.model.revision,
            model_digest=self.model.digest,
            scheduler=config.scheduler,
            guidance_scale=config.guidance_scale,
            width=first.width,
            height=first.height,
            dtype=config.dtype,
            engine=ENGINE,
            predictor_digest=self.budgets[0].predictor_digest if self.budgets else None,
            versions={name: version(name) for name in _VERSIONS},
        )


def render(
    study: StudyFile,
    model: Model,
    budgets: Sequence[Budget],
    encoder: Encoder,
    folder: Path,
    progress: Callable[[int], None] = lambda steps: None,
) -> Manifest:
    """Render a study's images into a folder and freeze the manifest; images that are there and verify are kept."""
    rendering = Rendering(study, model, budgets, folder)
    rendering.make(rendering.work(), progress)
    return rendering.finish(encoder)


def _perceive(items: Sequence[Item], store: Store, encoder: Encoder) -> Perceived:
    """Return the distance (D-SIM) of each stimulus to its item's reference, by their pixels."""
    distances: dict[str, float] = {}
    for item in items:
        if item.reference is None:
            continue
        stimuli = list(item.stimuli.values())
        features = encoder(np.stack([store.load(s.sha256) for s in [item.reference, *stimuli]])).features
        for stimulus, distance in zip(stimuli, d_sim(features[1:], features[0]), strict=True):
            distances[f"{item.reference.sha256}:{stimulus.sha256}"] = float(distance)
    return Perceived(metric="d_sim", distances=distances)

"""Rendering: planned items become images, a manifest, the budget table and the observers' sidecar."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from budgetfusion.budgets import Budget, write_budgets
from budgetfusion.diffusion.pipeline import Model, generate
from budgetfusion.metrics import Encoder
from budgetfusion.metrics.d_sim import d_sim
from stimuli.designs import PlannedItem, plan_items, uniform_budgets
from stimuli.index import Key, RenderIndex
from stimuli.manifest import Item, Manifest, Renderer, Stimulus, write_manifest
from stimuli.perceived import Perceived, write_perceived
from stimuli.store import load, save
from stimuli.studyfile import StudyFile

BUDGETS_NAME = "budgets.parquet"
_VERSIONS = ("torch", "diffusers", "transformers", "numpy", "pillow", "budgetfusion")


def render(
    study: StudyFile,
    model: Model,
    budgets: Sequence[Budget],
    encoder: Encoder,
    folder: Path,
    progress: Callable[[int], None] = lambda done: None,
) -> Manifest:
    """Render a study's images into a folder and freeze the manifest; images that are there and verify are kept.

    Args:
        study: The study file.
        model: Its diffusion model, loaded.
        budgets: OURS' budgets, one for each prompt; none if every condition has a fixed number of steps.
        encoder: For the sidecar of the simulated observers.
        folder: Receives `images/`, `manifest.json`, `budgets.parquet` and `perceived.json`.
        progress: Called with the number of images that are done.

    Returns:
        The manifest.
    """
    planned = plan_items(study.stimuli, {budget.prompt: budget.num_steps for budget in budgets})
    images = _render_images(model, image_keys(planned), folder, progress)
    items = [_item(plan, images, model) for plan in planned]
    manifest = Manifest(
        study=study.study.name,
        renderer=_renderer(model, budgets[0].predictor_digest if budgets else None),
        compare=study.stimuli.compare,
        reference_condition=study.stimuli.reference,
        items=items,
        digests={"stimuli": study.stimuli_digest},
    )
    write_budgets(folder / BUDGETS_NAME, [*budgets, *uniform_budgets(budgets)])
    write_perceived(folder, _perceive(items, folder, encoder))
    write_manifest(folder, manifest)  # last: a folder with a manifest is complete
    return manifest


def image_keys(planned: Sequence[PlannedItem]) -> list[Key]:
    """Return what has to be generated, each image once."""
    return list(dict.fromkeys((p.prompt, p.seed, steps) for p in planned for steps, _ in p.num_steps.values()))


def _render_images(model: Model, keys: Sequence[Key], folder: Path, progress: Callable[[int], None]) -> dict[Key, str]:
    """Make or find every image; one pipeline call for each, so that no image depends on its neighbours."""
    index = RenderIndex(folder, model.digest)
    images: dict[Key, str] = {}
    for done, key in enumerate(keys):
        progress(done)
        images[key] = index.find(key) or _render_image(model, key, folder, index)
    progress(len(keys))
    return images


def _render_image(model: Model, key: Key, folder: Path, index: RenderIndex) -> str:
    prompt, seed, num_steps = key
    sha256 = save(folder, generate(model, [prompt], [seed], num_steps)[0])
    index.add(key, sha256)
    return sha256


def _item(plan: PlannedItem, images: Mapping[Key, str], model: Model) -> Item:
    """Return the item; a main item whose compared images are the same pixels is marked 'identical'."""
    every = {
        name: Stimulus(
            condition=name,
            num_steps=steps,
            sha256=images[plan.prompt, plan.seed, steps],
            width=model.width,
            height=model.height,
            made_with=rule,
        )
        for name, (steps, rule) in plan.num_steps.items()
    }
    judged = {name: s for name, s in every.items() if plan.purpose != "main" or name != plan.reference}
    same = plan.purpose == "main" and len({stimulus.sha256 for stimulus in judged.values()}) == 1
    return Item(
        item_id=plan.item_id,
        prompt=plan.prompt,
        seed=plan.seed,
        purpose="identical" if same else plan.purpose,
        reference=every[plan.reference] if plan.reference else None,
        stimuli=judged,
    )


def _perceive(items: Sequence[Item], folder: Path, encoder: Encoder) -> Perceived:
    """Return the distance (D-SIM) of each stimulus to its item's reference, by their pixels."""
    distances: dict[str, float] = {}
    for item in items:
        if item.reference is None:
            continue
        stimuli = list(item.stimuli.values())
        features, _ = encoder(np.stack([load(folder, s.sha256) for s in [item.reference, *stimuli]]))
        for stimulus, distance in zip(stimuli, d_sim(features[1:], features[0]), strict=True):
            distances[f"{item.reference.sha256}:{stimulus.sha256}"] = float(distance)
    return Perceived(metric="d_sim", distances=distances)


def _renderer(model: Model, predictor_digest: str | None) -> Renderer:
    return Renderer(
        model=model.config.model,
        revision=model.revision,
        model_digest=model.digest,
        scheduler=model.config.scheduler,
        guidance_scale=model.config.guidance_scale,
        width=model.width,
        height=model.height,
        dtype=model.config.dtype,
        engine="per-prompt",
        predictor_digest=predictor_digest,
        versions={name: version(name) for name in _VERSIONS},
    )

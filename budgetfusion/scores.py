"""Scores of sets of images: the Inception Score and the Fréchet distance of each rule, through one or more networks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from budgetfusion.errors import FileContentError
from budgetfusion.evaluate import Evaluation
from budgetfusion.metrics.frechet import frechet_distance, gaussian
from budgetfusion.metrics.inception_score import inception_score
from budgetfusion.metrics.networks import Network
from budgetfusion.rules import EULER, Allocation
from budgetfusion.shots import Shot

Row = dict[str, Any]
Gaussian = tuple[NDArray[np.float64], NDArray[np.float64]]

SPLITS, EACH = 10, 10
"""The Inception Score is the mean over ten parts; below ten images for each part, of the whole set as one."""

ENDINGS = (".png", ".webp", ".jpg", ".jpeg")


def scores(
    evaluation: Evaluation, measured: Mapping[Shot, Row], networks: Sequence[str], real: Mapping[str, Gaussian], to: str
) -> Iterator[Row]:
    """Yield the score table's rows: one for each rule and replicate, over all prompts and seeds.

    Args:
        evaluation: The question, planned.
        measured: Its images, as `Evaluation.measured` returns them.
        networks: Names of those that saw them.
        real: Of each network, the set that the Fréchet distance is to.
        to: Its name.
    """
    for allocation in evaluation.allocations:
        own = shots_of(evaluation, allocation)
        row: Row = {
            "rule": allocation.rule,
            "replicate": allocation.replicate,
            "num_images": len(own),
            "frechet_to": to,
        }
        for name in ("scenes", "inception"):
            row |= dict.fromkeys((f"is_{name}", f"is_{name}_sd", f"fid_{name}"))
        for name in networks:
            features, probabilities = seen(measured, own, name)
            splits = SPLITS if len(own) >= SPLITS * EACH else 1
            mean, sd = inception_score(probabilities, np.random.default_rng(evaluation.question.seed), splits)
            row |= {f"is_{name}": mean, f"is_{name}_sd": sd if splits > 1 else None}
            row[f"fid_{name}"] = frechet_distance(*gaussian(features), *real[name])
        yield row | {"config_digest": evaluation.model.digest}


def shots_of(evaluation: Evaluation, allocation: Allocation) -> list[Shot]:
    """Return every image of a rule, seed by seed."""
    asked = evaluation.question
    return [
        Shot(allocation.method, prompt, seed, int(steps))
        for seed in asked.seeds
        for prompt, steps in zip(asked.prompts, allocation.num_steps, strict=True)
    ]


def last_references(
    evaluation: Evaluation, measured: Mapping[Shot, Row], networks: Sequence[str]
) -> Mapping[str, Gaussian]:
    """Return the reference's images of the most steps as the set that the Fréchet distance is to."""
    asked = evaluation.question
    most = max(asked.references)
    own = [Shot(EULER, prompt, seed, most) for seed in asked.seeds for prompt in asked.prompts]
    return {name: gaussian(seen(measured, own, name)[0]) for name in networks}


def real_images(folder: Path, networks: Mapping[str, Network]) -> Mapping[str, Gaussian]:
    """Return the images of a folder as the set that the Fréchet distance is to.

    Args:
        folder: Of PNG, WebP or JPEG files, at least two; they may differ in size.
        networks: Through which they are seen, by name.

    Raises:
        FileContentError: If there are fewer than two, or one is no image.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    if len(paths) < 2:
        remedy = "Give a folder of real images."
        raise FileContentError(folder, f"{len(paths)} image(s)", f"at least two of {', '.join(ENDINGS)}", remedy)
    images = [_read(path) for path in paths]
    return {name: gaussian(np.concatenate([network(i[None])[0] for i in images])) for name, network in networks.items()}


def seen(
    measured: Mapping[Shot, Row], own: Sequence[Shot], network: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what a network sees in images: features (images, width) and probabilities (images, classes)."""
    found = [next(one for one in measured[shot]["seen"] if one["network"] == network) for shot in own]
    return np.array([one["features"] for one in found]), np.array([one["probabilities"] for one in found])


def _read(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except UnidentifiedImageError as error:
        raise FileContentError(path, "no image", "an image", "Remove it from the folder, or make it again.") from error

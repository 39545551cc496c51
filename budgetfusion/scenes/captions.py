"""The captions that are trained on and measured, and those held out by composition.

One in five combinations (background, shape, count) is held out. A held-out caption is made of held-out combinations
alone, and no training caption holds one, so neither a picture nor a number of steps can be remembered instead of
understood.
"""

import hashlib
import random
from collections.abc import Iterator

from budgetfusion.scenes.grammar import Scene
from budgetfusion.scenes.sentences import sample

_SPLIT = "scenes-2, split 3"  # another world, another split: this one trains on crowds in parks, cities and streets

STRATA = ("empty", "one", "two", "three", "many", "crowd")
"""How crowded a caption is: no object, one group of objects, two, three, four to six, or a crowd."""


def stratum(scene: Scene) -> str:
    """Return how crowded a scene is, one of `STRATA`."""
    if scene.crowd:
        return "crowd"
    return STRATA[min(len(scene.groups), 4)]


def is_held_out(combination: tuple[str, str, str]) -> bool:
    """Say whether a combination (background, shape, count) is held out: one in five, by its hash."""
    return hashlib.sha256("|".join((_SPLIT, *combination)).encode()).digest()[0] % 5 == 0


def is_for_training(scene: Scene) -> bool:
    """Say whether a scene holds no held-out combination."""
    return not any(map(is_held_out, scene.composition))


def sample_for_training(rng: random.Random, simple: float = 0.0) -> Scene:
    """Draw a scene as `sentences.sample` does, until it holds no held-out combination."""
    while True:
        scene = sample(rng, simple)
        if is_for_training(scene):
            return scene


def scenes(*, held_out: bool, each: int, seed: int = 0) -> list[Scene]:
    """Return scenes of different captions, equally many of each stratum, in an order that goes round the strata.

    Args:
        held_out: Whether to return held-out scenes or training scenes.
        each: How many of each stratum.
        seed: Where the chance starts.
    """
    found: dict[str, dict[str, Scene]] = {name: {} for name in STRATA}
    for scene in _scenes(held_out=held_out, seed=seed):
        if len(found[stratum(scene)]) < each:
            found[stratum(scene)][scene.caption] = scene
        if all(len(group) == each for group in found.values()):
            break
    return [scene for row in zip(*(group.values() for group in found.values()), strict=True) for scene in row]


def captions(*, held_out: bool, each: int, seed: int = 0) -> list[str]:
    """Return the captions of `scenes`."""
    return [scene.caption for scene in scenes(held_out=held_out, each=each, seed=seed)]


def _scenes(*, held_out: bool, seed: int) -> Iterator[Scene]:
    """Yield random scenes that lie wholly on one side."""
    rng = random.Random(seed + (1 << 32 if held_out else 0))  # noqa: S311 -- nothing secret is drawn
    while True:
        scene = sample(rng)
        if all(is_held_out(combination) == held_out for combination in scene.composition):
            yield scene

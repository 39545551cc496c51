"""Triplets of scenes whose order is known: an anchor, a scene near it, and one that is farther."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from budgetfusion.scenes.backgrounds import vary
from budgetfusion.scenes.convolution import to_pixels
from budgetfusion.scenes.draw import Thing, arrange, paint
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES, Scene
from budgetfusion.scenes.sentences import sample
from budgetfusion.scenes.training.degrade import degrade

_SHIFT = 0.04  # of the side: how far a jittered object moves at most
_RESIZE = 0.06  # share by which a jittered object's side changes at most
_AWAY = 0.25  # of the side: how far an object that is moved goes at least
_SPOILT = (0.3, 1.2)  # strengths of degradation, near and far
_EQUALLY = 0.5  # strength of degradation that all three may have, each its own


@dataclass(frozen=True)
class Drawing:
    """A scene with its objects in their places, and the seed of its background's texture."""

    scene: Scene
    things: tuple[Thing, ...]
    texture: int

    def painted(self) -> NDArray[np.uint8]:
        """Return its picture, RGB, shape (64, 64, 3), 0..255."""
        return paint(self.scene, list(self.things), random.Random(self.texture))  # noqa: S311 -- nothing secret


Pair = tuple[Drawing, Drawing]
"""A drawing near the anchor, and one that is farther."""


def triplets(rng: random.Random, noise: torch.Generator, kinds: Sequence[str]) -> Tensor:
    """Draw triplets.

    Args:
        rng: Where the scenes come from.
        noise: Where degradation comes from.
        kinds: One of `KINDS` for each triplet.

    Returns:
        Pixels of anchors, near and far pictures, shape (3, triplets, 3, 64, 64), -1..1, on the CPU.
    """
    drawn = [_triplet(rng, kind) for kind in kinds]
    pixels = torch.stack([to_pixels(np.stack(pictures), "cpu") for pictures in zip(*drawn, strict=True)])
    for k, kind in enumerate(kinds):
        if kind == "spoilt":
            pixels[1:, k] = _spoilt(pixels[0, k : k + 1], noise)
        elif rng.random() < 0.5:
            pixels[:, k] = degrade(pixels[:, k], noise, _EQUALLY)
    return pixels


def drawing(rng: random.Random, objects: range = range(17)) -> Drawing:
    """Draw a random scene of so many objects."""
    while True:
        scene = sample(rng)
        if scene.num_objects in objects:
            return Drawing(scene, tuple(arrange(scene, rng)), rng.getrandbits(64))


def _triplet(rng: random.Random, kind: str) -> tuple[NDArray[np.uint8], ...]:
    objects, pair = KINDS[kind]
    anchor = drawing(rng, objects)
    return tuple(one.painted() for one in (anchor, *pair(anchor, rng)))


def _spoilt(picture: Tensor, noise: torch.Generator) -> Tensor:
    """Spoil one picture a little and much, in the same way."""
    state = noise.get_state()
    pictures = []
    for strength in _SPOILT:
        noise.set_state(state)
        pictures.append(degrade(picture, noise, strength))
    return torch.cat(pictures)


def _layout(anchor: Drawing, rng: random.Random) -> Pair:
    """Every object somewhere else is farther than a jitter."""
    return _jittered(anchor, rng), _changed(anchor, _moved, rng, len(anchor.things))


def _place(anchor: Drawing, rng: random.Random) -> Pair:
    """One object somewhere else is farther than a jitter of them all, although fewer pixels change."""
    return _jittered(anchor, rng), _changed(anchor, _moved, rng, 1)


def _shape(anchor: Drawing, rng: random.Random) -> Pair:
    """One object of another shape, likewise."""
    return _jittered(anchor, rng), _changed(anchor, _reshaped, rng, 1)


def _colour(anchor: Drawing, rng: random.Random) -> Pair:
    """One object of another colour, likewise."""
    return _jittered(anchor, rng), _changed(anchor, _recoloured, rng, 1)


def _missing(anchor: Drawing, rng: random.Random) -> Pair:
    """One object less, likewise."""
    kept = sorted(rng.sample(range(len(anchor.things)), len(anchor.things) - 1))
    return _jittered(anchor, rng), replace(anchor, things=tuple(anchor.things[k] for k in kept))


def _all_shapes(anchor: Drawing, rng: random.Random) -> Pair:
    """Other shapes of all objects are farther than one."""
    return _changed(anchor, _reshaped, rng, 1), _changed(anchor, _reshaped, rng, len(anchor.things))


def _all_colours(anchor: Drawing, rng: random.Random) -> Pair:
    """Other colours of all objects are farther than one."""
    return _changed(anchor, _recoloured, rng, 1), _changed(anchor, _recoloured, rng, len(anchor.things))


def _background(anchor: Drawing, rng: random.Random) -> Pair:
    """Another background is farther than a jitter and another texture."""
    other = rng.choice([name for name in PREPOSITIONS if name != anchor.scene.background])
    elsewhere = replace(anchor.scene, background=other, background_colour=None)
    return _jittered(anchor, rng), replace(anchor, scene=elsewhere)


def _redrawn(anchor: Drawing, rng: random.Random) -> Pair:
    """Another caption's objects before the same background are farther than the same caption drawn again."""
    again = Drawing(anchor.scene, tuple(arrange(anchor.scene, rng)), rng.getrandbits(64))
    return again, replace(drawing(rng), scene=anchor.scene)


def _unspoilt(anchor: Drawing, rng: random.Random) -> Pair:
    """Much degradation is farther than a little; both are added to the pixels."""
    return anchor, anchor


KINDS: dict[str, tuple[range, Callable[[Drawing, random.Random], Pair]]] = {
    "layout": (range(1, 17), _layout),
    "place": (range(1, 5), _place),
    "shape": (range(1, 5), _shape),
    "colour": (range(1, 5), _colour),
    "missing": (range(1, 5), _missing),
    "all_shapes": (range(2, 17), _all_shapes),
    "all_colours": (range(2, 17), _all_colours),
    "background": (range(17), _background),
    "redrawn": (range(1, 17), _redrawn),
    "spoilt": (range(17), _unspoilt),
}
"""How many objects the anchor may have, and what makes the other two of it."""


Change = Callable[[Thing, random.Random], Thing]


def _changed(anchor: Drawing, change: Change, rng: random.Random, count: int) -> Drawing:
    """Change so many objects, chosen at random."""
    chosen = set(rng.sample(range(len(anchor.things)), count))
    things = (change(thing, rng) if k in chosen else thing for k, thing in enumerate(anchor.things))
    return replace(anchor, things=tuple(things))


def _jittered(anchor: Drawing, rng: random.Random) -> Drawing:
    """Move, resize and tint every object a little, and texture the background anew."""
    things = tuple(_nudged(thing, rng) for thing in anchor.things)
    return replace(anchor, things=things, texture=rng.getrandbits(64))


def _nudged(thing: Thing, rng: random.Random) -> Thing:
    x, y = (value + rng.uniform(-_SHIFT, _SHIFT) for value in (thing.x, thing.y))
    side = thing.side * rng.uniform(1 - _RESIZE, 1 + _RESIZE)
    return replace(thing, x=x, y=y, side=side, levels=vary(COLOURS[thing.colour], rng, 8))


def _moved(thing: Thing, rng: random.Random) -> Thing:
    while True:
        x, y = rng.uniform(0.12, 0.88), rng.uniform(0.12, 0.88)
        if max(abs(x - thing.x), abs(y - thing.y)) >= _AWAY:
            return replace(thing, x=x, y=y)


def _recoloured(thing: Thing, rng: random.Random) -> Thing:
    colour = rng.choice([name for name in COLOURS if name != thing.colour])
    return replace(thing, colour=colour, levels=vary(COLOURS[colour], rng, 8))


def _reshaped(thing: Thing, rng: random.Random) -> Thing:
    return replace(thing, shape=rng.choice([name for name in SHAPES if name != thing.shape]))

"""Scenes with what a judge should say of them: attributes of the whole picture, and of each of 16 x 16 places."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from budgetfusion.scenes.attributes import COUNTS
from budgetfusion.scenes.convolution import FINE, to_pixels
from budgetfusion.scenes.draw import Thing, arrange, paint
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES, Scene
from budgetfusion.scenes.sentences import sample

UNKNOWN = -1
"""Of a place at an object's edge: neither the object nor nothing."""

_CORE, _REACH = 0.5, 1.1  # of half the side: within it is the object, beyond it is not
_SPREAD = 0.6  # places; deviation of an object's hump in the density
_CENTRES = (np.arange(FINE) + 0.5) / FINE
_INDEX = {name: number for names in (SHAPES, COLOURS, PREPOSITIONS) for number, name in enumerate(names)}


@dataclass(frozen=True)
class Labelled:
    """Pictures, shape (batch, 3, 64, 64), -1..1, and their attributes, all on the CPU.

    Attributes:
        scenes: What was drawn.
        pixels: The pictures.
        backgrounds: Numbers of the backgrounds, shape (batch,).
        shapes: Whether there is an object of the shape, 0 or 1, shape (batch, shapes).
        colours: Likewise for colours.
        counts: 0 to 8, and 9 for more, shape (batch,).
        shape_map: 0 for no object, 1 + the shape's number, or `UNKNOWN`, shape (batch, 16, 16).
        colour_map: Likewise for colours.
        density: Adds up to the number of objects, shape (batch, 16, 16).
    """

    scenes: list[Scene]
    pixels: Tensor
    backgrounds: Tensor
    shapes: Tensor
    colours: Tensor
    counts: Tensor
    shape_map: Tensor
    colour_map: Tensor
    density: Tensor


def labelled(rng: random.Random, count: int) -> Labelled:
    """Draw scenes of every composition: a judge must know them all, and is asked about none of these pictures again."""
    scenes = [sample(rng) for _ in range(count)]
    arranged = [arrange(scene, rng) for scene in scenes]
    background = random.Random(rng.getrandbits(64))  # noqa: S311 -- nothing secret is drawn
    pictures = [paint(scene, things, background) for scene, things in zip(scenes, arranged, strict=True)]
    shape_map, colour_map = _maps(arranged, "shape"), _maps(arranged, "colour")
    return Labelled(
        scenes=scenes,
        pixels=to_pixels(np.stack(pictures), "cpu"),
        backgrounds=torch.tensor([_INDEX[scene.background] for scene in scenes]),
        shapes=_present(arranged, "shape", len(SHAPES)),
        colours=_present(arranged, "colour", len(COLOURS)),
        counts=torch.tensor([min(len(things), COUNTS - 1) for things in arranged]),
        shape_map=shape_map,
        colour_map=colour_map,
        density=torch.from_numpy(np.stack([_density(things) for things in arranged])).float(),
    )


def _present(arranged: Sequence[Sequence[Thing]], attribute: str, classes: int) -> Tensor:
    present = torch.zeros(len(arranged), classes)
    for row, things in zip(present, arranged, strict=True):
        row[[_INDEX[getattr(thing, attribute)] for thing in things]] = 1
    return present


def _maps(arranged: Sequence[Sequence[Thing]], attribute: str) -> Tensor:
    return torch.from_numpy(np.stack([_map(things, attribute) for things in arranged]))


def _map(things: Sequence[Thing], attribute: str) -> NDArray[np.int64]:
    """Return what is at each place; a later object covers an earlier one."""
    places = np.zeros((FINE, FINE), dtype=np.int64)
    for thing in things:
        across, down = np.abs(_CENTRES - thing.x), np.abs(_CENTRES - thing.y)
        away = np.maximum(across[None], down[:, None]) / (thing.side / 2)
        places[away <= _REACH] = UNKNOWN
        core = away <= max(_CORE, float(away.min()))
        places[core] = 1 + _INDEX[getattr(thing, attribute)]
    return places


def _density(things: Sequence[Thing]) -> NDArray[np.float64]:
    """Return a hump of sum 1 at each object."""
    density = np.zeros((FINE, FINE))
    for thing in things:
        across, down = ((_CENTRES - centre) * FINE / _SPREAD for centre in (thing.x, thing.y))
        hump = np.exp(-0.5 * (across[None] ** 2 + down[:, None] ** 2))
        density += hump / hump.sum()
    return density

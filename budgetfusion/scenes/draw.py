"""Scenes as pictures: where the objects stand, and the picture of that; drawn at twice the size and halved."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

from budgetfusion.scenes.backgrounds import SIDE, Colour, paint_background, vary
from budgetfusion.scenes.grammar import COLOURS, NATURAL, SIZES, Group, Region, Scene
from budgetfusion.scenes.shapes import PAINTERS

_MIN_SIDE = 22  # drawn pixels; 11 in the picture: smaller objects are lost in a latent of 16 x 16
_HIGH = ("sky", "night sky", "wall", "brick wall", "striped wall", "checkered floor")  # a crowd begins near the top


@dataclass(frozen=True)
class Thing:
    """One object in its place.

    `x`, `y` (its centre) and `side` are fractions of the picture's side; `colour` is a key of `grammar.COLOURS`, and
    `levels` its jittered RGB, 0..255.
    """

    shape: str
    colour: str
    levels: Colour
    x: float
    y: float
    side: float


def render(scene: Scene, rng: random.Random) -> NDArray[np.uint8]:
    """Draw a scene.

    Args:
        scene: What to draw.
        rng: Where jitter of places, sizes and colours comes from.

    Returns:
        RGB pixels, shape (64, 64, 3), 0..255.
    """
    background = random.Random(rng.getrandbits(64))  # noqa: S311 -- the same whatever stands before it
    return paint(scene, arrange(scene, rng), background)


def arrange(scene: Scene, rng: random.Random) -> list[Thing]:
    """Decide where the objects of a scene stand, the far before the near."""
    if scene.crowd:
        return list(_scatter(scene, rng))
    pairs = zip(scene.groups, scene.regions, strict=True)
    return [thing for group, region in pairs for thing in _line_up(group, region, rng)]


def paint(scene: Scene, things: list[Thing], rng: random.Random) -> NDArray[np.uint8]:
    """Draw a scene whose objects have their places.

    Args:
        scene: Its background is painted.
        things: Its objects, painted in this order.
        rng: Where jitter of the background comes from.

    Returns:
        RGB pixels, shape (64, 64, 3), 0..255.
    """
    image = paint_background(scene.background, scene.background_colour, rng)
    canvas = ImageDraw.Draw(image)
    for thing in things:
        PAINTERS[thing.shape](canvas, thing.x * SIDE, thing.y * SIDE, thing.side * SIDE / 2, thing.levels)
    return np.asarray(image.reduce(2))


def _scatter(scene: Scene, rng: random.Random) -> Iterator[Thing]:
    """Scatter a crowd, the far (upper) and small before the near and large."""
    shape = scene.groups[0].shape
    top = 0.15 if scene.background in _HIGH else 0.4
    places = sorted((rng.uniform(top, 0.92), rng.uniform(0.05, 0.95)) for _ in range(scene.crowd))
    for y, x in places:
        side = max(_MIN_SIDE / SIDE, rng.uniform(0.19, 0.27) * (0.75 + 0.45 * y))
        colour = _own_colour(shape, rng)
        yield Thing(shape, colour, vary(COLOURS[colour], rng, 8), x, y, side)


def _line_up(group: Group, region: Region, rng: random.Random) -> Iterator[Thing]:
    """Put a group's objects into the cells of a grid over its region, jittered."""
    width, height = region[2] - region[0], region[3] - region[1]
    columns = max(range(1, group.count + 1), key=lambda k: min(width / k, height / math.ceil(group.count / k)))
    rows = math.ceil(group.count / columns)
    cell_width, cell_height = width / columns, height / rows
    side = _object_side(min(cell_width, cell_height), group.size)
    slack_x, slack_y = max(0, cell_width - side) * 0.35, max(0, cell_height - side) * 0.35
    for k in range(group.count):
        x = region[0] + (k % columns + 0.5) * cell_width + rng.uniform(-slack_x, slack_x)
        y = region[1] + (k // columns + 0.5) * cell_height + rng.uniform(-slack_y, slack_y)
        colour = group.colour or _own_colour(group.shape, rng)
        yield Thing(group.shape, colour, vary(COLOURS[colour], rng, 8), x, y, side * rng.uniform(0.92, 1.06))


def _object_side(cell: float, size: str) -> float:
    return max(min(cell * 0.80 * SIZES[size], cell * 1.04, 0.72), _MIN_SIDE / SIDE)


def _own_colour(shape: str, rng: random.Random) -> str:
    return rng.choice(NATURAL.get(shape, tuple(COLOURS)))

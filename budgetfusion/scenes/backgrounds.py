"""What stands behind the objects of a scene: walls, skies, fields, cities."""

import random
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from budgetfusion.scenes.grammar import COLOURS

SIDE = 128
"""Drawn pixels on each side; the finished picture has half as many."""

Colour = tuple[int, int, int]
_RAMP = np.linspace(0, 1, SIDE)[:, None, None]
_WHITE = (255, 255, 255)


def vary(c: Colour, rng: random.Random, amount: float) -> Colour:
    """Return a colour with each channel moved by up to `amount` levels of 255."""
    r, g, b = (int(max(0, min(255, v + rng.uniform(-amount, amount)))) for v in c)
    return r, g, b


def blend(a: Colour, b: Colour, share: float) -> Colour:
    """Return the mixture of two colours with this share of the second, in [0, 1]."""
    red, green, blue = (int(a[i] * (1 - share) + b[i] * share) for i in range(3))
    return red, green, blue


def shade(c: Colour, factor: float) -> Colour:
    """Return a colour with its levels multiplied."""
    r, g, b = (int(max(0, min(255, v * factor))) for v in c)
    return r, g, b


def paint_background(kind: str, colour: str | None, rng: random.Random) -> Image.Image:
    """Paint a background of the grammar.

    Args:
        kind: A key of `grammar.PREPOSITIONS`.
        colour: A key of `grammar.COLOURS`, or none for the background's own.
        rng: Where jitter comes from.

    Returns:
        An RGB image of SIDE x SIDE.
    """
    named = vary(COLOURS[colour], rng, 6) if colour else None
    horizon = int(SIDE * rng.uniform(0.42, 0.55))
    if kind in _INDOORS:
        return _INDOORS[kind](named, rng)
    image = _gradient((150, 200, 245), (222, 236, 250))
    _OUTDOORS[kind](ImageDraw.Draw(image), named, horizon, rng)
    return image


def _gradient(top: Colour, bottom: Colour) -> Image.Image:
    column = np.array(top)[None, None] * (1 - _RAMP) + np.array(bottom)[None, None] * _RAMP
    return Image.fromarray(np.broadcast_to(column, (SIDE, SIDE, 3)).astype(np.uint8))


def _wall(c: Colour | None, rng: random.Random) -> Image.Image:
    c = c or COLOURS["white"]
    return _gradient(shade(c, 1.02), shade(c, 0.93))


def _sky(c: Colour | None, rng: random.Random) -> Image.Image:
    c = c or (110, 175, 240)
    return _gradient(c, blend(c, _WHITE, 0.45))


def _night_sky(c: Colour | None, rng: random.Random) -> Image.Image:
    image = _gradient((12, 14, 44), (34, 36, 84))
    canvas = ImageDraw.Draw(image)
    for _ in range(rng.randint(20, 36)):
        x, y = rng.randrange(SIDE), rng.randrange(SIDE)
        canvas.rectangle([x, y, x + 1, y + 1], fill=(235, 235, 215))
    return image


def _room(c: Colour | None, rng: random.Random) -> Image.Image:
    image = Image.new("RGB", (SIDE, SIDE), c or (225, 215, 195))
    canvas, floor = ImageDraw.Draw(image), int(SIDE * 0.68)
    canvas.rectangle([0, floor, SIDE, SIDE], fill=(158, 112, 70))
    canvas.line([0, floor, SIDE, floor], fill=(240, 240, 235), width=3)
    for k in range(5):
        ends = [int(SIDE * k * 0.25), int(SIDE * 0.7), int(SIDE * (k * 0.3 - 0.1)), SIDE]
        canvas.line(ends, fill=(128, 88, 52), width=1)
    return image


def _table(c: Colour | None, rng: random.Random) -> Image.Image:
    c = c or (150, 100, 55)
    image = Image.new("RGB", (SIDE, SIDE), (226, 222, 212))
    canvas, edge = ImageDraw.Draw(image), int(SIDE * 0.9)
    back = int(SIDE * 0.5)
    canvas.polygon([(int(SIDE * 0.08), back), (int(SIDE * 0.92), back), (SIDE, edge), (0, edge)], fill=c)
    canvas.rectangle([0, edge, SIDE, SIDE], fill=shade(c, 0.7))
    return image


def _brick_wall(c: Colour | None, rng: random.Random) -> Image.Image:
    c = c or (168, 74, 56)
    image = Image.new("RGB", (SIDE, SIDE), (205, 198, 188))
    canvas, height, width = ImageDraw.Draw(image), 14, 28
    for row in range(-1, SIDE // height + 2):
        left = -((row % 2) * width // 2)
        for column in range(-1, SIDE // width + 2):
            x, y = left + column * width, row * height
            canvas.rectangle([x + 1, y + 1, x + width - 2, y + height - 2], fill=vary(c, rng, 10))
    return image


def _striped_wall(c: Colour | None, rng: random.Random) -> Image.Image:
    c = c or COLOURS["white"]
    other = blend(c, _WHITE, 0.6) if sum(c) < 600 else shade(c, 0.7)
    image = Image.new("RGB", (SIDE, SIDE), c)
    for x in range(0, SIDE, 24):
        ImageDraw.Draw(image).rectangle([x, 0, x + 11, SIDE], fill=other)
    return image


def _checkered_floor(c: Colour | None, rng: random.Random) -> Image.Image:
    c = c or COLOURS["white"]
    other = (240, 240, 236) if sum(c) < 560 else (60, 60, 64)
    image = Image.new("RGB", (SIDE, SIDE), c)
    canvas = ImageDraw.Draw(image)
    for x, y in ((x, y) for y in range(0, SIDE, 20) for x in range(0, SIDE, 20)):
        if (x // 20 + y // 20) % 2:
            canvas.rectangle([x, y, x + 19, y + 19], fill=other)
    return image


def _field(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    c = c or (96, 176, 72)
    d.rectangle([0, horizon, SIDE, SIDE], fill=c)
    for _ in range(36):
        x, y = rng.randrange(SIDE), rng.randrange(horizon, SIDE)
        d.line([x, y, x + rng.randint(-2, 2), y - 4], fill=shade(c, rng.choice([0.8, 1.15])), width=1)


def _park(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    _field(d, c, horizon, rng)
    for k in range(4):
        x, y = int(SIDE * (0.12 + 0.25 * k) + rng.uniform(-4, 4)), horizon - 8
        d.rectangle([x - 2, y, x + 2, y + 10], fill=(110, 72, 40))
        d.ellipse([x - 8, y - 10, x + 8, y + 4], fill=(40, 130, 60))


def _road(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    d.rectangle([0, horizon, SIDE, SIDE], fill=(110, 170, 90))
    far, near = (int(SIDE * 0.4), int(SIDE * 0.6)), (int(SIDE * 1.05), int(-SIDE * 0.05))
    d.polygon([(far[0], horizon), (far[1], horizon), (near[0], SIDE), (near[1], SIDE)], fill=c or (105, 105, 110))
    for k in range(4):
        y, half = horizon + (SIDE - horizon) * (k + 0.3) / 4, 1 + k
        d.rectangle([SIDE / 2 - half, y, SIDE / 2 + half, y + 4 + 2 * k], fill=(240, 240, 230))


def _sea(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    c = c or (36, 108, 176)
    d.rectangle([0, horizon, SIDE, SIDE], fill=c)
    for row in range(5):
        y, shift = horizon + 6 + row * (SIDE - horizon) / 5, (row % 2) * 8
        for x in range(-8, SIDE, 16):
            d.arc([x + shift, y, x + shift + 16, y + 8], 180, 360, fill=blend(c, _WHITE, 0.4), width=2)


def _beach(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    d.rectangle([0, horizon, SIDE, horizon + 16], fill=(60, 140, 200))
    d.rectangle([0, horizon + 16, SIDE, SIDE], fill=(232, 208, 150))
    for _ in range(40):
        d.point([rng.randrange(SIDE), rng.randrange(horizon + 16, SIDE)], fill=(200, 175, 120))


def _city(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    x, street = 0, SIDE - 22
    while x < SIDE:
        width, height = rng.randint(14, 26), rng.randint(30, 84)
        stone = vary((120, 124, 140), rng, 30)
        d.rectangle([x, street - height, x + width - 2, street], fill=stone)
        for wy in range(street + 4 - height, street - 4, 9):
            for wx in range(x + 3, x + width - 5, 7):
                d.rectangle([wx, wy, wx + 2, wy + 3], fill=(250, 232, 150) if rng.random() < 0.6 else shade(stone, 0.7))
        x += width
    d.rectangle([0, street, SIDE, SIDE], fill=(90, 90, 95))


def _street(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    kerb, middle = horizon + 8, (horizon + SIDE) // 2 + 6
    for k in range(5):
        left, roof = int(SIDE * k / 5), horizon - rng.randint(16, 34)
        d.rectangle([left, roof, left + SIDE // 5 - 2, horizon], fill=vary((176, 140, 112), rng, 26))
        d.rectangle([left + 8, roof + 6, left + 16, roof + 14], fill=(250, 240, 190))
    d.rectangle([0, horizon, SIDE, kerb], fill=(196, 192, 184))
    d.rectangle([0, kerb, SIDE, SIDE], fill=(88, 88, 94))
    for x in range(4, SIDE, 28):
        d.rectangle([x, middle, x + 14, middle + 3], fill=(240, 236, 220))


def _airport(d: ImageDraw.ImageDraw, c: Colour | None, horizon: int, rng: random.Random) -> None:
    d.rectangle([0, horizon, SIDE, SIDE], fill=(150, 152, 154))
    d.rectangle([0, horizon - 16, int(SIDE * 0.7), horizon], fill=(206, 214, 222))
    for x in range(4, int(SIDE * 0.7) - 8, 12):
        d.rectangle([x, horizon - 12, x + 7, horizon - 5], fill=(70, 110, 150))
    tower = int(SIDE * rng.uniform(0.78, 0.9))
    d.rectangle([tower - 3, horizon - 34, tower + 3, horizon], fill=(190, 190, 196))
    d.rectangle([tower - 8, horizon - 44, tower + 8, horizon - 34], fill=(70, 110, 150))
    corners = ((0.3, SIDE), (0.44, horizon), (0.56, horizon), (0.7, SIDE))
    d.polygon([(SIDE * x, y) for x, y in corners], fill=(92, 94, 98))
    d.line([SIDE // 2, horizon + 4, SIDE // 2, SIDE], fill=(245, 245, 240), width=2)


_INDOORS: dict[str, Callable[[Colour | None, random.Random], Image.Image]] = {
    "wall": _wall,
    "sky": _sky,
    "night sky": _night_sky,
    "room": _room,
    "table": _table,
    "brick wall": _brick_wall,
    "striped wall": _striped_wall,
    "checkered floor": _checkered_floor,
}
"""Backgrounds that fill the picture."""

_OUTDOORS: dict[str, Callable[[ImageDraw.ImageDraw, Colour | None, int, random.Random], None]] = {
    "field": _field,
    "park": _park,
    "road": _road,
    "sea": _sea,
    "beach": _beach,
    "city": _city,
    "street": _street,
    "airport": _airport,
}
"""Backgrounds below a sky, from the horizon (or the street) down."""

"""The objects of a scene, each painted in a square of its own."""

import math
from collections.abc import Callable, Sequence

from PIL import ImageDraw

from budgetfusion.scenes.backgrounds import Colour, blend, shade

Canvas = ImageDraw.ImageDraw
Painter = Callable[[Canvas, float, float, float, Colour], None]
"""Paints one object: canvas, centre x, centre y, half its size (all drawn pixels), colour."""


def _points(x: float, y: float, h: float, *points: tuple[float, float]) -> Sequence[tuple[float, float]]:
    """Turn points in units of half the object's size into drawn pixels."""
    return [(x + h * px, y + h * py) for px, py in points]


def _ball(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.ellipse(_points(x, y, h, (-1, -1), (1, 1)), fill=c, outline=shade(c, 0.68))
    d.ellipse(_points(x, y, h, (-0.5, -0.6), (-0.05, -0.15)), fill=_light(c))


def _box(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    dark = shade(c, 0.68)
    d.rectangle(_points(x, y, h, (-0.9, -0.9), (0.9, 0.9)), fill=c, outline=dark, width=2)
    d.line(_points(x, y, h, (-0.9, -0.3), (0.9, -0.3)), fill=dark, width=2)


def _star(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    angles = [-math.pi / 2 + math.pi * k / 5 for k in range(10)]
    radii = [1.1 * (0.42 if k % 2 else 1) for k in range(10)]
    d.polygon(_points(x, y, h, *((r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True))), c)


def _triangle(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    angles = [-math.pi / 2 + 2 * math.pi * k / 3 for k in range(3)]
    d.polygon(_points(x, y, h, *((1.1 * math.cos(a), 0.15 + 1.1 * math.sin(a)) for a in angles)), fill=c)


def _ring(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.ellipse(_points(x, y, h, (-1, -1), (1, 1)), outline=c, width=max(3, int(h * 0.44)))


def _heart(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.ellipse(_points(x, y, h, (-1, -0.8), (0, 0.2)), fill=c)
    d.ellipse(_points(x, y, h, (0, -0.8), (1, 0.2)), fill=c)
    d.polygon(_points(x, y, h, (-0.94, -0.08), (0.94, -0.08), (0, 1)), fill=c)


def _tree(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.rectangle(_points(x, y, h, (-0.16, 0.1), (0.16, 1)), fill=(110, 72, 40))
    d.ellipse(_points(x, y, h, (-0.8, -1), (0.8, 0.4)), fill=c)


def _house(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    tiles = (120, 60, 45)
    roof = tiles if sum(abs(a - b) for a, b in zip(c, tiles, strict=True)) > 60 else (70, 70, 75)
    d.rectangle(_points(x, y, h, (-0.8, -0.1), (0.8, 1)), fill=c)
    d.polygon(_points(x, y, h, (-1, -0.1), (1, -0.1), (0, -1)), fill=roof)
    d.rectangle(_points(x, y, h, (-0.2, 0.4), (0.2, 1)), fill=shade(c, 0.68))
    d.rectangle(_points(x, y, h, (0.35, 0.15), (0.65, 0.45)), fill=(250, 240, 190))


def _person(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.ellipse(_points(x, y, h, (-0.28, -1), (0.28, -0.45)), fill=(236, 190, 150))
    d.rectangle(_points(x, y, h, (-0.38, -0.42), (0.38, 0.35)), fill=c)
    d.rectangle(_points(x, y, h, (-0.32, 0.35), (-0.06, 1)), fill=(50, 50, 70))
    d.rectangle(_points(x, y, h, (0.06, 0.35), (0.32, 1)), fill=(50, 50, 70))


def _car(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.rectangle(_points(x, y, h, (-1, -0.1), (1, 0.4)), fill=c)
    d.polygon(_points(x, y, h, (-0.6, -0.1), (-0.35, -0.55), (0.35, -0.55), (0.6, -0.1)), fill=_light(c))
    for side in (-0.55, 0.55):
        d.ellipse(_points(x, y, h, (side - 0.24, 0.2), (side + 0.24, 0.68)), fill=(30, 30, 30))


def _flower(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.line(_points(x, y, h, (0, 0), (0, 1)), fill=(40, 130, 50), width=max(2, int(h * 0.16)))
    for k in range(5):
        angle = 2 * math.pi * k / 5 - math.pi / 2
        px, py = 0.42 * math.cos(angle), -0.3 + 0.42 * math.sin(angle)
        d.ellipse(_points(x, y, h, (px - 0.3, py - 0.3), (px + 0.3, py + 0.3)), fill=c)
    heart = (250, 220, 80) if c[2] > 90 or c[1] < 150 else (120, 70, 40)
    d.ellipse(_points(x, y, h, (-0.22, -0.52), (0.22, -0.08)), fill=heart)


def _boat(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.polygon(_points(x, y, h, (-1, 0.35), (1, 0.35), (0.6, 0.85), (-0.6, 0.85)), fill=(120, 75, 45))
    d.line(_points(x, y, h, (0, -1), (0, 0.35)), fill=(70, 50, 40), width=2)
    d.polygon([(x + 2, y - h * 0.95), (x + h * 0.85, y + h * 0.2), (x + 2, y + h * 0.2)], fill=c)
    d.polygon([(x - 2, y - h * 0.75), (x - h * 0.6, y + h * 0.2), (x - 2, y + h * 0.2)], fill=_light(c))


def _bird(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.ellipse(_points(x, y, h, (-0.6, -0.3), (0.5, 0.35)), fill=c)
    d.ellipse(_points(x, y, h, (0.2, -0.6), (0.75, -0.05)), fill=c)
    d.polygon(_points(x, y, h, (0.7, -0.4), (1, -0.28), (0.7, -0.18)), fill=(245, 160, 40))
    d.polygon(_points(x, y, h, (-0.2, 0), (-0.9, -0.7), (0.2, -0.15)), fill=shade(c, 0.68))


def _cloud(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    for px, radius, py in ((-0.5, 0.45, 0.1), (0, 0.6, -0.15), (0.5, 0.45, 0.1)):
        d.ellipse(_points(x, y, h, (px - radius, py - radius * 0.8), (px + radius, py + radius * 0.8)), fill=c)


def _kite(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    dark = shade(c, 0.68)
    d.polygon(_points(x, y, h, (0, -1), (0.65, -0.1), (0, 0.6), (-0.65, -0.1)), fill=c)
    d.line(_points(x, y, h, (0, -1), (0, 0.6)), fill=dark, width=1)
    d.line(_points(x, y, h, (-0.65, -0.1), (0.65, -0.1)), fill=dark, width=1)
    d.line(_points(x, y, h, (0, 0.6), (0.3, 1)), fill=dark, width=2)


def _cup(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    d.polygon(_points(x, y, h, (-0.6, -0.6), (0.5, -0.6), (0.4, 0.75), (-0.5, 0.75)), fill=c)
    d.arc(_points(x, y, h, (0.2, -0.35), (0.95, 0.4)), -90, 90, fill=shade(c, 0.68), width=3)
    d.ellipse(_points(x, y, h, (-0.6, -0.72), (0.5, -0.48)), fill=_light(c))


def _cow(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    patch, muzzle = (_light(c) if sum(c) < 400 else shade(c, 0.35)), (240, 170, 165)
    for left in (-0.62, -0.34, 0.14, 0.42):
        d.rectangle(_points(x, y, h, (left, 0.2), (left + 0.2, 0.85)), fill=shade(c, 0.8))
    d.rounded_rectangle(_points(x, y, h, (-0.75, -0.4), (0.68, 0.42)), radius=h * 0.2, fill=c)
    d.ellipse(_points(x, y, h, (-0.45, -0.34), (0.0, 0.15)), fill=patch)
    d.rounded_rectangle(_points(x, y, h, (0.45, -0.72), (0.95, -0.05)), radius=h * 0.12, fill=c)
    d.rectangle(_points(x, y, h, (0.5, -0.22), (0.98, 0.02)), fill=muzzle)
    d.polygon(_points(x, y, h, (0.48, -0.7), (0.42, -1), (0.62, -0.72)), fill=(235, 225, 200))
    d.polygon(_points(x, y, h, (0.8, -0.72), (0.98, -1), (0.94, -0.7)), fill=(235, 225, 200))


def _airplane(d: Canvas, x: float, y: float, h: float, c: Colour) -> None:
    dark = shade(c, 0.62)
    d.polygon(_points(x, y, h, (-0.95, -0.6), (-0.6, -0.6), (-0.4, 0), (-0.8, 0.05)), fill=dark)
    d.rounded_rectangle(_points(x, y, h, (-0.9, -0.18), (0.95, 0.24)), radius=h * 0.2, fill=c, outline=dark)
    for left in (-0.35, -0.05, 0.25):
        d.rectangle(_points(x, y, h, (left, -0.08), (left + 0.14, 0.06)), fill=(60, 90, 130))
    d.polygon(_points(x, y, h, (0.7, -0.16), (0.92, 0), (0.6, 0)), fill=(60, 90, 130))
    d.polygon(_points(x, y, h, (-0.15, 0.1), (0.25, 0.1), (-0.25, 0.75), (-0.5, 0.75)), fill=dark)


def _light(c: Colour) -> Colour:
    return blend(c, (255, 255, 255), 0.55)


PAINTERS: dict[str, Painter] = {
    "ball": _ball,
    "box": _box,
    "star": _star,
    "triangle": _triangle,
    "ring": _ring,
    "heart": _heart,
    "tree": _tree,
    "house": _house,
    "person": _person,
    "car": _car,
    "flower": _flower,
    "boat": _boat,
    "bird": _bird,
    "cloud": _cloud,
    "kite": _kite,
    "cup": _cup,
    "cow": _cow,
    "airplane": _airplane,
}
"""The painter of every shape of the grammar."""

"""Small pictures as SVG text: axes and marks. Attributes only, because the content policy allows no style."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import escape

WIDTH, HEIGHT = 400, 184
LEFT, RIGHT, TOP, BOTTOM = 36, 12, 26, 28
INK, SOFT, LINE = "#1a1a1a", "#595959", "#dcdcdc"
ACCENT, PALE, WARNING, DANGER = "#0072b2", "#a9cbe1", "#e69f00", "#d55e00"
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Liberation Sans, sans-serif"


@dataclass(frozen=True)
class Frame:
    """Where values lie in the picture: x from `x_from` to `x_to`, y from 0 to `y_to`."""

    x_from: float
    x_to: float
    y_to: float

    def x(self, value: float) -> float:
        """Return the place of a value, pixels from the left."""
        span = (self.x_to - self.x_from) or 1
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - self.x_from) / span, 1)

    def y(self, value: float) -> float:
        """Return the place of a value, pixels from the top."""
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / (self.y_to or 1), 1)


def picture(title: str, parts: Sequence[str]) -> str:
    """Return a whole picture.

    Args:
        title: What it shows, for those who hear it.
        parts: Marks.
    """
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="{FONT}"'
    return f'{head} font-size="12"><title>{escape(title)}</title>{"".join(parts)}</svg>'


def empty(title: str) -> str:
    """Return a picture that says that there is nothing to show yet."""
    return picture(title, [words(WIDTH / 2, HEIGHT / 2, "nothing yet", anchor="middle")])


def bar(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Return a filled rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0.5):.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def dot(x: float, y: float, colour: str, *, is_open: bool = False, radius: float = 2.5) -> str:
    """Return a circle, filled or open."""
    fill = "#ffffff" if is_open else colour
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{colour}" stroke-width="1.2"/>'


def cross(x: float, y: float, colour: str) -> str:
    """Return a cross."""
    return f'<path d="M{x - 4:g} {y - 4:g}l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="2"/>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, *, is_dashed: bool = False) -> str:
    """Return a straight line."""
    dashes = ' stroke-dasharray="4 3"' if is_dashed else ""
    return f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" stroke="{colour}" stroke-width="1"{dashes}/>'


def words(x: float, y: float, text: str, *, anchor: str = "start", colour: str = SOFT) -> str:
    """Return a line of text; its baseline is at y."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def axes(frame: Frame, x_ticks: Sequence[tuple[float, str]], y_ticks: Sequence[float], unit: str = "") -> list[str]:
    """Return a light grid on the value axis, and the words below and beside.

    Args:
        frame: Of the picture.
        x_ticks: Value and words of each.
        y_ticks: Values, from 0.
        unit: Stands at the top of the value axis.
    """
    parts = [line(LEFT, frame.y(value), WIDTH - RIGHT, frame.y(value), LINE) for value in y_ticks]
    parts += [words(LEFT - 6, frame.y(value) + 4, f"{value:g}", anchor="end") for value in y_ticks]
    last = len(x_ticks) - 1
    for place, (value, said) in enumerate(x_ticks):
        anchor = "middle" if 0 < place < last else "start" if place == 0 else "end"
        parts.append(words(frame.x(value), HEIGHT - 10, said, anchor=anchor))
    return [*parts, words(LEFT, 12, unit)] if unit else parts


def nice_ticks(most: float, count: int = 3) -> list[float]:
    """Return round values from 0 to the first one at or above `most`: steps of 1, 2 or 5 times a power of ten.

    Args:
        most: The largest value.
        count: About how many steps.
    """
    raw = max(most, 1e-9) / count
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw - 1e-12)
    return [round(step * i, 10) for i in range(ceil(most / step - 1e-9) + 1)]


def whole_ticks(most: int, count: int = 3) -> list[float]:
    """Return round whole values from 0 to the first one at or above `most`."""
    return [0.0, 1.0] if most <= 1 else nice_ticks(most, min(count, most))

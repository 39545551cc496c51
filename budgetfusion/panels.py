"""Images beside each other, with words, and curves beside them: how the figures of an evaluation are laid out."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion.files import replacing
from budgetfusion.predictor.plot import STYLE

SIDE = 1.45
"""Inches of an image's longer side."""

_GAP, _LINE, _MARGIN, _CURVES = 0.12, 0.15, 0.15, 2.4  # inches
_QUIET = "#5a5a5a"
_LOOK = STYLE | {"font.size": 7, "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Panel:
    """An image, RGB, shape (height, width, 3), 0..255, and the words below it."""

    pixels: Pixels
    words: str


@dataclass(frozen=True)
class Strip:
    """Panels in a row below a title; `curves` draws into the axes on their right, if there are any."""

    title: str
    panels: tuple[Panel, ...]
    curves: Callable[[Any], None] | None = None


def draw_rows(path: Path, strips: Sequence[Strip], note: str) -> None:
    """Draw strips below each other, the title of each above it.

    Args:
        path: A PNG file.
        strips: From top to bottom, with equally many panels.
        note: Stands at the bottom.
    """
    count, has_curves = len(strips[0].panels), any(strip.curves for strip in strips)
    tall = SIDE + 3.6 * _LINE
    width = 2 * _MARGIN + count * (SIDE + _GAP) + (_CURVES + 0.35 if has_curves else 0)
    lines = textwrap.wrap(note, round(17 * width))
    with _Sheet(width, 2 * _MARGIN + len(strips) * tall + (len(lines) + 1.2) * _LINE, path) as sheet:
        for row, strip in enumerate(strips):
            top = _MARGIN + row * tall
            sheet.write(_MARGIN, top, strip.title)
            for k, panel in enumerate(strip.panels):
                sheet.show(panel, _MARGIN + k * (SIDE + _GAP), top + 1.3 * _LINE)
            if strip.curves:
                left = _MARGIN + count * (SIDE + _GAP) + 0.3
                strip.curves(sheet.axes(left, top + 1.3 * _LINE, _CURVES, SIDE))
        sheet.write(_MARGIN, _MARGIN + len(strips) * tall + _LINE, "\n".join(lines), quiet=True)


def draw_columns(path: Path, strips: Sequence[Strip], names: Sequence[str], note: str) -> None:
    """Draw strips beside each other, their panels below each other.

    Args:
        path: A PNG file.
        strips: From left to right; a title of several lines has line breaks.
        names: Of the rows, at their left.
        note: Stands at the bottom.
    """
    head = max(strip.title.count("\n") + 1 for strip in strips) * _LINE + 0.05
    side = 1.5 * SIDE
    wide, tall, left = side + 0.15, side + 1.9 * _LINE, _MARGIN + 0.2
    width = left + len(strips) * (wide + _GAP) + _MARGIN
    lines = textwrap.wrap(note, round(17 * width))
    with _Sheet(width, 2 * _MARGIN + head + len(names) * tall + (len(lines) + 0.5) * _LINE, path) as sheet:
        for column, strip in enumerate(strips):
            x = left + column * (wide + _GAP)
            sheet.write(x, _MARGIN, strip.title)
            for row, panel in enumerate(strip.panels):
                sheet.show(panel, x, _MARGIN + head + row * tall, side)
        for row, name in enumerate(names):
            sheet.write(_MARGIN, _MARGIN + head + row * tall + side / 2, name, turned=True)
        sheet.write(_MARGIN, _MARGIN + head + len(names) * tall, "\n".join(lines), quiet=True)


class _Sheet:
    """A figure whose places are inches from its left and its top; it is written at the end of the block."""

    def __init__(self, width: float, height: float, path: Path) -> None:
        import matplotlib

        matplotlib.use("Agg")
        self._look, self._path = matplotlib.rc_context(_LOOK), path
        self._width, self._height = width, height

    def __enter__(self) -> "_Sheet":
        from matplotlib.figure import Figure

        self._look.__enter__()
        self._figure = Figure(figsize=(self._width, self._height))
        return self

    def __exit__(self, kind: type[BaseException] | None, *others: Any) -> None:
        try:
            if kind is None:
                with replacing(self._path) as partial:
                    self._figure.savefig(partial, format="png", dpi=200, metadata={"Software": None})
        finally:
            self._look.__exit__(kind, *others)

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        place = (left / self._width, 1 - (top + height) / self._height, width / self._width, height / self._height)
        return self._figure.add_axes(place)

    def show(self, panel: Panel, left: float, top: float, side: float = SIDE) -> None:
        height, width, _ = (side * length / max(panel.pixels.shape[:2]) for length in panel.pixels.shape)
        axes = self.axes(left, top, width, height)
        axes.imshow(panel.pixels, interpolation="nearest" if max(panel.pixels.shape) <= 128 else "antialiased")
        axes.axis("off")
        self.write(left, top + height + 0.03, panel.words)

    def write(self, left: float, top: float, words: str, *, quiet: bool = False, turned: bool = False) -> None:
        place = (left / self._width, 1 - top / self._height)
        if turned:
            self._figure.text(*place, words, rotation=90, va="center", ha="left")
        else:
            self._figure.text(*place, words, va="top", ha="left", color=_QUIET if quiet else "black", linespacing=1.3)

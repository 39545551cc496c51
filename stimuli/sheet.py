"""Contact sheets: what a study shows, on one picture, reference in the middle."""

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from budgetfusion.files import replacing
from stimuli.manifest import Item, Manifest, Stimulus
from stimuli.store import load

_SIDE, _GAP, _LINE = 160, 12, 15  # pixels
_INK, _QUIET, _PAPER = (26, 26, 26), (96, 96, 96), (255, 255, 255)


def draw_sheet(folder: Path, manifest: Manifest, path: Path, *, columns: int = 2) -> int:
    """Draw every main and identical item as a row of its images and write the sheet as PNG.

    Args:
        folder: The stimuli folder.
        manifest: What it holds.
        path: Where the sheet goes.
        columns: Items beside each other.

    Returns:
        How many items are on it.
    """
    items = [item for item in manifest.items if item.purpose in ("main", "identical")]
    width, height = _item_size(items[0])
    rows = -(-len(items) // columns)
    sheet = Image.new("RGB", (columns * (width + 3 * _GAP) + _GAP, rows * (height + 2 * _GAP) + _GAP), _PAPER)
    for k, item in enumerate(items):
        corner = (2 * _GAP + (k % columns) * (width + 3 * _GAP), _GAP + (k // columns) * (height + 2 * _GAP))
        _draw_item(sheet, folder, item, corner)
    with replacing(path) as partial:
        sheet.save(partial, format="PNG", optimize=True)
    return len(items)


def _shown(item: Item) -> list[Stimulus]:
    """Return the images in the order in which a participant may see them: one, the reference, the other."""
    judged = list(item.stimuli.values())
    return [judged[0], *([item.reference] if item.reference else []), *judged[1:]]


def _item_size(item: Item) -> tuple[int, int]:
    count = len(_shown(item))
    return count * _SIDE + (count - 1) * _GAP, _SIDE + 3 * _LINE + 6


def _draw_item(sheet: Image.Image, folder: Path, item: Item, corner: tuple[int, int]) -> None:
    canvas, (left, top) = ImageDraw.Draw(sheet), corner
    for k, stimulus in enumerate(_shown(item)):
        x = left + k * (_SIDE + _GAP)
        sheet.paste(_enlarged(folder, stimulus), (x, top))
        canvas.text((x, top + _SIDE + 3), f"{stimulus.condition}  {stimulus.num_steps}", _INK, _font(12))
    words = f"{item.prompt} (seed {item.seed}{', identical' if item.purpose == 'identical' else ''})"
    for k, line in enumerate(textwrap.wrap(words, 13 * len(_shown(item)) * 2)[:2]):
        canvas.text((left, top + _SIDE + 4 + (k + 1) * _LINE), line, _QUIET, _font(11))


def _enlarged(folder: Path, stimulus: Stimulus) -> Image.Image:
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = load(folder, stimulus.sha256)
    nearest = stimulus.width < _SIDE
    return Image.fromarray(pixels).resize(
        (_SIDE, _SIDE), Image.Resampling.NEAREST if nearest else Image.Resampling.LANCZOS
    )


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)

"""A contact sheet as one PNG."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from budgetfusion.files import replacing
from stimuli.sheet import Picture, Row

SIDE = 160
"""Pixels of a picture's longer side on the sheet."""

_GAP, _LINE, _LINES = 8, 16, 2
_INK, _QUIET, _PAPER, _GREY = (26, 26, 26), (90, 90, 90), (255, 255, 255), (128, 128, 128)


def draw_sheet(rows: Sequence[Row], path: Path, *, title: str, width: int = 1600) -> None:
    """Draw the rows and write the sheet.

    Args:
        rows: Of the sheet; rows may differ in how many pictures they have.
        path: Where the sheet goes.
        title: Stands above.
        width: About how wide the sheet may be, pixels; a single row may be wider.
    """
    cell = max(len(row.pictures) for row in rows) * (SIDE + _GAP) + 2 * _GAP
    columns = max(1, width // (cell + _GAP))
    tall = SIDE + (2 + _LINES) * _LINE + 4 * _GAP
    size = (columns * (cell + _GAP) + _GAP, -(-len(rows) // columns) * (tall + _GAP) + 5 * _GAP)
    sheet = Image.new("RGB", size, _PAPER)
    ImageDraw.Draw(sheet).text((_GAP, _GAP), title, _INK, _font(16))
    for k, row in enumerate(rows):
        corner = (_GAP + k % columns * (cell + _GAP), 5 * _GAP + k // columns * (tall + _GAP))
        _draw_row(sheet, row, corner, cell)
    with replacing(path) as partial:
        sheet.save(partial, format="PNG", optimize=True)


def _draw_row(sheet: Image.Image, row: Row, corner: tuple[int, int], cell: int) -> None:
    canvas, (left, top) = ImageDraw.Draw(sheet), corner
    canvas.rectangle((left, top, left + cell - 1, top + SIDE + 2 * _GAP - 1), _GREY)
    for k, picture in enumerate(row.pictures):
        _draw_picture(sheet, picture, (left + 3 * _GAP // 2 + k * (SIDE + _GAP), top + _GAP))
    words = textwrap.wrap(f"{row.prompt} ({row.note})", max(20, cell // 7))[:_LINES]
    for k, line in enumerate(words):
        canvas.text((left + 3 * _GAP // 2, top + SIDE + 2 * _GAP + 2 * _LINE + k * _LINE + 4), line, _INK, _font(13))


def _draw_picture(sheet: Image.Image, picture: Picture, corner: tuple[int, int]) -> None:
    canvas, (left, top) = ImageDraw.Draw(sheet), corner
    image = Image.fromarray(picture.pixels)
    scale = SIDE / max(image.size)
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    small = image.resize((round(image.width * scale), round(image.height * scale)), how)
    sheet.paste(small, (left + (SIDE - small.width) // 2, top + (SIDE - small.height) // 2))
    below = top + SIDE + _GAP + 2
    canvas.text((left, below), picture.caption, _INK, _font(13))
    canvas.text((left, below + _LINE), picture.distance, _QUIET, _font(12))


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)

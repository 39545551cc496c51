"""Images that the program draws itself: the cards of check items, and coarse copies of a reference."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

BLOCKS = 6
"""Blocks along the shorter side of a coarse copy: nobody takes it for the original."""

_PAPER, _INK = 200, 0


def card(words: str, width: int, height: int) -> NDArray[np.uint8]:
    """Draw words on grey, one below the other.

    Args:
        words: What the card says.
        width: Pixels.
        height: Pixels.

    Returns:
        RGB, shape (height, width, 3), 0..255.
    """
    picture = Image.new("L", (width, height), _PAPER)
    text = words.replace(" ", "\n")
    canvas = ImageDraw.Draw(picture)
    canvas.multiline_text(
        (width / 2, height / 2), text, _INK, _fitting(text, width, height), anchor="mm", align="center", spacing=2
    )
    return np.repeat(np.asarray(picture)[:, :, None], 3, axis=2)


def blocks(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return an image with each block of pixels replaced by its mean, in whole numbers.

    Args:
        pixels: RGB, shape (height, width, 3), 0..255.
    """
    height, width, _ = pixels.shape
    side = max(1, min(height, width) // BLOCKS)
    out = np.empty_like(pixels)
    for top in range(0, height, side):
        for left in range(0, width, side):
            block = pixels[top : top + side, left : left + side].astype(np.int64)
            out[top : top + side, left : left + side] = block.sum((0, 1)) // (block.shape[0] * block.shape[1])
    return out


def _fitting(text: str, width: int, height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the largest font in which the text leaves a tenth of the picture free."""
    canvas = ImageDraw.Draw(Image.new("L", (1, 1)))
    size = height
    while size > 1:
        font = ImageFont.load_default(size)
        left, top, right, bottom = canvas.multiline_textbbox((0, 0), text, font, spacing=2)
        if right - left <= 0.9 * width and bottom - top <= 0.9 * height:
            return font
        size = size * 9 // 10
    return ImageFont.load_default(1)

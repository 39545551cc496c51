"""Images on disk, named by the sha256 of their decoded pixels, so that a file can prove what it is."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from budgetfusion.files import replacing
from stimuli.errors import StimuliError, StimulusMismatchError, StimulusMissingError
from stimuli.manifest import image_path


def pixel_sha256(pixels: NDArray[np.uint8]) -> str:
    """Return the sha256 of an image's size and pixels.

    Args:
        pixels: RGB, shape (height, width, 3), 0..255.
    """
    height, width, _ = pixels.shape
    return hashlib.sha256(f"{width}x{height}:".encode() + pixels.tobytes()).hexdigest()


def save(folder: Path, pixels: NDArray[np.uint8]) -> str:
    """Write an image below a stimuli folder as PNG without metadata and return its sha256; keep one that verifies."""
    sha256 = pixel_sha256(pixels)
    path = image_path(folder, sha256)
    if not _verifies(folder, sha256):
        with replacing(path) as partial:
            Image.fromarray(pixels).save(partial, format="PNG", optimize=True)
    return sha256


def load(folder: Path, sha256: str) -> NDArray[np.uint8]:
    """Read an image and prove it.

    Returns:
        RGB pixels, shape (height, width, 3), 0..255.

    Raises:
        StimulusMissingError: If it is not there.
        StimulusMismatchError: If its pixels are others.
    """
    path = image_path(folder, sha256)
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except FileNotFoundError as error:
        raise StimulusMissingError(path) from error
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for broken PNG chunks
        raise StimulusMismatchError(path, sha256, "unreadable".ljust(12)) from error
    found = pixel_sha256(pixels)
    if found != sha256:
        raise StimulusMismatchError(path, sha256, found)
    return pixels


def _verifies(folder: Path, sha256: str) -> bool:
    try:
        return load(folder, sha256) is not None
    except StimuliError:
        return False

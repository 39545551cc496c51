"""Images named by the sha256 of their decoded pixels, so that a file can prove what it is.

They lie below a local folder or an object store; a reader never sees half of one.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import fsspec
import numpy as np
from fsspec.implementations.local import LocalFileSystem
from numpy.typing import NDArray
from PIL import Image

from budgetfusion import patience
from budgetfusion.files import replacing
from stimuli.errors import StimulusMismatchError, StimulusMissingError, StoreError
from stimuli.lossless import UnfitError, decode
from stimuli.manifest import IMAGES_FOLDER, ImageFormat, image_path

T = TypeVar("T")


class Store:
    """The images of a study.

    Args:
        location: A local folder, or an address that fsspec opens, such as s3://bucket/studies/mine.
        image_format: Of the files; both are lossless.

    Raises:
        StoreError: If fsspec does not know the address, or lacks the package for it.
    """

    def __init__(self, location: str | Path, image_format: ImageFormat = "png") -> None:
        self.location, self.image_format = str(location), image_format
        try:
            self._system, self._root = fsspec.core.url_to_fs(self.location)
        except (ImportError, ValueError) as error:
            raise StoreError(self.location, str(error)) from error

    def path(self, sha256: str) -> str:
        """Return where an image lies, as fsspec names it."""
        return f"{self._root}/{IMAGES_FOLDER}/{image_path(Path(), sha256, self.image_format).name}"

    def save(self, pixels: NDArray[np.uint8]) -> str:
        """Write an image without metadata and return its sha256; keep one that verifies."""
        sha256 = pixel_sha256(pixels)
        if not self._verifies(sha256):
            self._write(self.path(sha256), lambda: encode(pixels, self.image_format))
        return sha256

    def load(self, sha256: str) -> NDArray[np.uint8]:
        """Read an image and prove it.

        Returns:
            RGB pixels, shape (height, width, 3), 0..255.

        Raises:
            StimulusMissingError: If it is not there.
            StimulusMismatchError: If its pixels are others, or the file holds more than pixels.
            StoreError: If the store does not answer.
        """
        path = self.path(sha256)
        try:
            pixels = decode(self._ask(lambda: bytes(self._system.cat_file(path))))
        except FileNotFoundError as error:
            raise StimulusMissingError(path) from error
        except UnfitError as error:
            raise StimulusMismatchError(path, sha256, error.found) from error
        found = pixel_sha256(pixels)
        if found != sha256:
            raise StimulusMismatchError(path, sha256, f"pixels with sha256 {found[:12]}")
        return pixels

    def names(self) -> list[str]:
        """Return the names of all files among the images, sorted."""
        try:
            self._system.invalidate_cache()  # another program may have written since
            found = self._ask(lambda: self._system.ls(f"{self._root}/{IMAGES_FOLDER}", detail=False))
        except FileNotFoundError:
            return []
        return sorted(str(path).rsplit("/", 1)[-1] for path in found)

    def _write(self, path: str, content: Callable[[], bytes]) -> None:
        if isinstance(self._system, LocalFileSystem):
            with replacing(Path(path)) as unfinished:
                unfinished.write_bytes(content())
        else:  # an object appears whole or not at all
            data = content()
            self._ask(lambda: self._system.pipe_file(path, data))

    def _ask(self, call: Callable[[], T]) -> T:
        """Call the file system; one that is away is asked again, a local one is not."""
        waits = () if isinstance(self._system, LocalFileSystem) else patience.WAITS_S
        return patience.ask(call, waits, partial(StoreError, self.location))

    def _verifies(self, sha256: str) -> bool:
        try:
            return self.load(sha256) is not None
        except (StimulusMissingError, StimulusMismatchError):
            return False


def save(folder: Path, pixels: NDArray[np.uint8]) -> str:
    """Write an image below a stimuli folder as PNG and return its sha256; see `Store.save`."""
    return Store(folder).save(pixels)


def load(folder: Path, sha256: str) -> NDArray[np.uint8]:
    """Read a PNG below a stimuli folder and prove it; see `Store.load`."""
    return Store(folder).load(sha256)


def pixel_sha256(pixels: NDArray[np.uint8]) -> str:
    """Return the sha256 of an image's size and pixels.

    Args:
        pixels: RGB, shape (height, width, 3), 0..255.
    """
    height, width, _ = pixels.shape
    return hashlib.sha256(f"{width}x{height}:".encode() + pixels.tobytes()).hexdigest()


def encode(pixels: NDArray[np.uint8], image_format: ImageFormat) -> bytes:
    """Return an image's file: its pixels without loss, and nothing else."""
    data = BytesIO()
    if image_format == "png":
        Image.fromarray(pixels).save(data, format="PNG", optimize=True)
    else:
        Image.fromarray(pixels).save(data, format="WEBP", lossless=True, quality=100, method=4)
    return data.getvalue()

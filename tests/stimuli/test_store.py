"""An image on disk proves what it is."""

import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from budgetfusion.errors import NoSpaceError
from stimuli.errors import StimulusMismatchError, StimulusMissingError
from stimuli.manifest import image_path
from stimuli.store import load, pixel_sha256, save


@pytest.fixture
def pixels(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A noise image that is wider than high."""
    return rng.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)


def test_an_image_comes_back_bit_for_bit(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    """PNG loses nothing."""
    sha256 = save(tmp_path, pixels)

    assert image_path(tmp_path, sha256).is_file()
    np.testing.assert_array_equal(load(tmp_path, sha256), pixels)


def test_the_name_is_of_size_and_pixels() -> None:
    """Any program can compute it: sha256 of '6x4:' and the RGB bytes, row by row."""
    black = np.zeros((4, 6, 3), dtype=np.uint8)

    assert pixel_sha256(black) == hashlib.sha256(b"6x4:" + bytes(72)).hexdigest()


def test_a_turned_image_has_another_name() -> None:
    """The same bytes in another shape are another image."""
    assert pixel_sha256(np.zeros((4, 6, 3), np.uint8)) != pixel_sha256(np.zeros((6, 4, 3), np.uint8))


def test_a_view_has_the_name_of_its_copy(pixels: NDArray[np.uint8]) -> None:
    """Memory order does not matter."""
    mirrored = pixels[:, ::-1]

    assert pixel_sha256(mirrored) == pixel_sha256(mirrored.copy())


def test_an_image_that_is_there_is_kept(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    """Rendering again touches no finished file."""
    path = image_path(tmp_path, save(tmp_path, pixels))
    os.utime(path, (1, 1))
    save(tmp_path, pixels)

    assert path.stat().st_mtime == 1


def test_an_image_carries_no_metadata(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    """No condition, no prompt and no step count reaches a participant."""
    with Image.open(image_path(tmp_path, save(tmp_path, pixels))) as image:
        assert image.info == {}


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    """The message says how to make it again."""
    with pytest.raises(StimulusMissingError, match=r"a\.png: image is missing, .* Run `budgetfusion stimuli render`"):
        load(tmp_path, "a" * 64)


def test_a_changed_image_is_named(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    """One changed value of one pixel is found, and both digests are shown."""
    changed = pixels.copy()
    changed[0, 0, 0] ^= 1
    sha256, other = save(tmp_path, pixels), save(tmp_path, changed)
    image_path(tmp_path, other).replace(image_path(tmp_path, sha256))
    with pytest.raises(
        StimulusMismatchError, match=f"found pixels with sha256 {other[:12]}, expected pixels with sha256 {sha256[:12]}"
    ):
        load(tmp_path, sha256)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n\0\0\0\4IHDRabcd\x3e\xc8\xfb\x6d"])
def test_a_file_that_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    """An empty file, another format and a header that cannot be decoded are mismatches."""
    path = image_path(tmp_path, "a" * 64)
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(
        StimulusMismatchError, match=r"found (an empty file|another format|a file that was cut off|.*decoded), expected"
    ):
        load(tmp_path, "a" * 64)


@pytest.mark.parametrize("length", [40, 50, 80])
def test_half_an_image_is_named(tmp_path: Path, pixels: NDArray[np.uint8], length: int) -> None:
    """A file that was cut off is a mismatch."""
    sha256 = save(tmp_path, pixels)
    path = image_path(tmp_path, sha256)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(StimulusMismatchError, match=f"expected pixels with sha256 {sha256[:12]}\\. Delete it"):
        load(tmp_path, sha256)


def test_a_full_disk_is_named(tmp_path: Path, pixels: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    """No half image is left."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(NoSpaceError, match=r"\.png: no space left on the disk"):
        save(tmp_path, pixels)

    assert list((tmp_path / "images").iterdir()) == []

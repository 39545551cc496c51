"""An image on disk proves what it is."""

import errno
import hashlib
import os
from pathlib import Path

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from numpy.typing import NDArray
from PIL import Image

from budgetfusion import patience
from budgetfusion.errors import NoSpaceError
from stimuli.errors import StimulusMismatchError, StimulusMissingError, StoreError
from stimuli.manifest import image_path
from stimuli.store import Store, load, pixel_sha256, save


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


def test_webp_keeps_every_bit_and_the_name(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    """The name is of the pixels, not of the file."""
    store = Store(tmp_path, "webp")
    sha256 = store.save(pixels)

    assert image_path(tmp_path, sha256, "webp").read_bytes()[8:16] == b"WEBPVP8L"
    assert sha256 == pixel_sha256(pixels)
    np.testing.assert_array_equal(store.load(sha256), pixels)


def test_an_image_with_metadata_is_not_what_it_was(tmp_path: Path, pixels: NDArray[np.uint8]) -> None:
    """A profile changes what a browser shows, though the pixels are the same."""
    sha256 = save(tmp_path, pixels)
    Image.fromarray(pixels).save(image_path(tmp_path, sha256), icc_profile=b"a profile")
    with pytest.raises(StimulusMismatchError, match=r"found a colour profile \(iCCP\), expected pixels with sha256"):
        load(tmp_path, sha256)


class LateFileSystem(MemoryFileSystem):
    """An object store that times out before it answers."""

    protocol = "late"
    patience = 0
    asked = 0

    def cat_file(self, path: str, *args: object, **kwargs: object) -> bytes:
        """Answer the question after `patience` others."""
        type(self).asked += 1
        if type(self).asked <= type(self).patience:
            raise TimeoutError("no answer after 60 s")
        return bytes(super().cat_file(path, *args, **kwargs))


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> type[LateFileSystem]:
    """A late store that is asked again without waiting."""
    fsspec.register_implementation("late", LateFileSystem, clobber=True)
    monkeypatch.setattr(patience, "WAITS_S", (0.0, 0.0))
    monkeypatch.setattr(LateFileSystem, "patience", 0)
    monkeypatch.setattr(LateFileSystem, "asked", 0)
    return LateFileSystem


@pytest.mark.parametrize("location", ["memory://bucket/studies/mine", "late://bucket/studies/mine"])
def test_an_object_store_is_like_a_folder(location: str, pixels: NDArray[np.uint8], late: type[LateFileSystem]) -> None:
    """Images are saved, kept, loaded, listed and missed alike."""
    store = Store(location)
    sha256 = store.save(pixels)

    assert store.save(pixels) == sha256
    assert store.names() == [f"{sha256}.png"]
    np.testing.assert_array_equal(store.load(sha256), pixels)
    with pytest.raises(StimulusMissingError, match="image is missing"):
        store.load("a" * 64)


def test_a_store_that_answers_late_is_asked_again(pixels: NDArray[np.uint8], late: type[LateFileSystem]) -> None:
    """Two time-outs lose nothing."""
    store = Store("late://bucket/slow")
    sha256 = store.save(pixels)
    late.patience, late.asked = 2, 0

    np.testing.assert_array_equal(store.load(sha256), pixels)
    assert late.asked == 3


def test_a_store_that_never_answers_is_one_clear_line(late: type[LateFileSystem]) -> None:
    """It names the address, the reason and the remedy, and says that nothing is lost."""
    late.patience = 100
    with pytest.raises(
        StoreError, match=r"late://bucket/dead: .*\(no answer after 60 s\).*run it again: what is stored"
    ):
        Store("late://bucket/dead").load("a" * 64)

    assert late.asked == 3


@pytest.mark.parametrize("location", ["nowhere://bucket", "abfs://bucket/studies"])
def test_an_address_that_cannot_be_opened_is_named(location: str) -> None:
    """An unknown protocol, or one whose package is not installed."""
    with pytest.raises(StoreError, match=f"{location}: the image store does not answer as it should"):
        Store(location)


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """No folder, no images."""
    assert [Store(tmp_path / "none").names(), Store("memory://none/at/all").names()] == [[], []]

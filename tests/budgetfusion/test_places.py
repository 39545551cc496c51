"""A disk and an object store are used alike."""

import pickle
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from budgetfusion.errors import ObjectStoreError
from budgetfusion.places import Place


@pytest.fixture(params=["path", "file", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty folder: a path, an address of the disk, or an address of a store."""
    locations = {"path": str(tmp_path), "file": tmp_path.as_uri(), "memory": f"memory://{tmp_path.name}"}
    return Place(locations[request.param])


def read(place: Place) -> bytes:
    """Return a place's content."""
    found = place.opened()
    return found.read_bytes() if isinstance(found, Path) else found.read()


def test_what_is_written_is_there_until_it_is_cleared(folder: Place) -> None:
    """Written, replaced, listed, read and removed, in a folder that was not there before."""
    place = folder.inside("new").inside("m.bin")
    before = (place.is_there(), folder.inside("new").names())
    place.write(b"old")
    place.write(b"new")
    place.beside("a.bin").write(b"")

    assert before == (False, [])
    assert (place.is_there(), read(place), place.name) == (True, b"new", "m.bin")
    assert folder.inside("new").names() == ["a.bin", "m.bin"]
    folder.inside("new").clear()
    folder.inside("new").clear()
    assert (place.is_there(), folder.inside("new").names()) == (False, [])
    with pytest.raises(FileNotFoundError):
        read(place)


def test_a_failed_block_leaves_what_was_there(folder: Place) -> None:
    """Neither half a file nor half an object."""
    place = folder.inside("m.bin")
    place.write(b"old")
    with pytest.raises(RuntimeError, match="interrupted"):
        _write_half(place)

    assert (read(place), folder.names()) == (b"old", ["m.bin"])


def test_a_place_crosses_a_process_border(folder: Place) -> None:
    """Workers are told where to write."""
    folder.inside("m.bin").write(b"x")

    assert read(pickle.loads(pickle.dumps(folder.inside("m.bin")))) == b"x"  # noqa: S301 - our own bytes


@pytest.mark.parametrize("location", ["nowhere://bucket/m.parquet", "abfs://bucket/m.parquet"])
def test_an_address_that_cannot_be_used_is_named(location: str) -> None:
    """Neither an unknown protocol nor a missing package is a traceback."""
    with pytest.raises(ObjectStoreError, match=rf"{location}: the object store does not answer as it should \("):
        Place(location)


class RefusingFileSystem(MemoryFileSystem):
    """Stands in for a store that knows us and lets us do nothing, and lacks the bucket."""

    protocol = "refusing"

    def info(self, path: str, **kwargs: object) -> dict[str, object]:
        """Refuse as s3fs does."""
        raise PermissionError("Access Denied")

    def pipe_file(self, path: str, value: bytes, **kwargs: object) -> None:
        """Miss the bucket as s3fs does."""
        raise FileNotFoundError("The specified bucket does not exist")


def test_a_refusal_is_named() -> None:
    """Credentials that are wrong and buckets that are not there are one clear line."""
    fsspec.register_implementation("refusing", RefusingFileSystem, clobber=True)
    place = Place("refusing://bucket/m.parquet")

    with pytest.raises(ObjectStoreError, match="Access Denied"):
        place.is_there()
    with pytest.raises(ObjectStoreError, match="The specified bucket does not exist"):
        place.write(b"x")


def _write_half(place: Place) -> None:
    with place.replacing() as unfinished:
        if isinstance(unfinished, Path):
            unfinished.write_bytes(b"ha")
        else:
            unfinished.write(b"ha")
        raise RuntimeError("interrupted")

"""Where a result lies: a file on a disk or an object in a store, written whole or not at all."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem

from budgetfusion import patience
from budgetfusion.errors import ObjectStoreError
from budgetfusion.files import replacing

T = TypeVar("T")


class Place:
    """A file or a folder, named by a path or by an address that fsspec opens; it can be sent to another process.

    Args:
        location: Such as tables/m.parquet or s3://bucket/m.parquet.

    Raises:
        ObjectStoreError: If fsspec does not know the address, or lacks the package for it.
    """

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)
        self._local: Path | None = Path(location)
        if "://" in self.location:
            self._system, self._path = _found(self.location)
            self._local = Path(self._path) if isinstance(self._system, LocalFileSystem) else None

    def __str__(self) -> str:
        return self.location

    @property
    def name(self) -> str:
        """The last part of the location."""
        return self.location.rpartition("/")[2]

    def beside(self, name: str) -> "Place":
        """Return the place of another name in the same folder."""
        folder, slash, _ = self.location.rpartition("/")
        return Place(f"{folder}{slash}{name}")

    def inside(self, name: str) -> "Place":
        """Return the place of a name in this folder."""
        return Place(f"{self.location}/{name}")

    def is_there(self) -> bool:
        """Say whether there is such a file.

        Raises:
            ObjectStoreError: If the store does not answer, which is another thing.
        """
        if self._local:
            return self._local.is_file()
        self._system.invalidate_cache()  # another process may have written since
        try:
            return bool(self._ask(partial(self._system.info, self._path))["type"] == "file")
        except FileNotFoundError:
            return False

    def names(self) -> list[str]:
        """Return the names of what lies in this folder, sorted; none if there is no such folder.

        Raises:
            ObjectStoreError: If the store does not answer.
        """
        if self._local:
            return sorted(path.name for path in self._local.iterdir()) if self._local.is_dir() else []
        self._system.invalidate_cache()  # another process may have written since
        try:
            found = self._ask(partial(self._system.ls, self._path, detail=False))
        except FileNotFoundError:
            return []
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in found)

    def opened(self) -> Path | BytesIO:
        """Return what a reader opens: the file, or the object's bytes.

        Raises:
            FileNotFoundError: If there is none.
            ObjectStoreError: If the store does not answer.
        """
        return self._local or BytesIO(self._ask(partial(self._system.cat_file, self._path)))

    @contextmanager
    def replacing(self) -> Iterator[Path | BytesIO]:
        """Yield what to write to; the file or the object appears, or is replaced, if the block ends well.

        Raises:
            NoSpaceError: If the disk is full.
            ObjectStoreError: If the store does not take it.
        """
        if self._local:
            with replacing(self._local) as unfinished:
                yield unfinished
        else:
            data = BytesIO()
            yield data
            self._put(data.getvalue())

    def write(self, data: bytes) -> None:
        """Write bytes, all of them or none; see `replacing`."""
        with self.replacing() as unfinished:
            if isinstance(unfinished, Path):
                unfinished.write_bytes(data)
            else:
                unfinished.write(data)

    def clear(self) -> None:
        """Remove this folder with what is in it, if it is there."""
        if self._local:
            shutil.rmtree(self._local, ignore_errors=True)
        elif self.names():
            self._ask(partial(self._system.rm, self._path, recursive=True))

    def _put(self, data: bytes) -> None:
        try:  # an object appears whole or not at all
            self._ask(partial(self._system.pipe_file, self._path, data))
        except FileNotFoundError as error:  # there is no such bucket
            raise ObjectStoreError(self.location, str(error)) from error

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return patience.ask(call, patience.WAITS_S, partial(ObjectStoreError, self.location))
        except PermissionError as error:
            raise ObjectStoreError(self.location, str(error) or "permission denied") from error


def place(location: str | Path | Place) -> Place:
    """Return the place of a location, or a place as it is."""
    return location if isinstance(location, Place) else Place(location)


def _found(address: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        system, path = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise ObjectStoreError(address, str(error)) from error
    return system, str(path)

"""A file is replaced whole, or not at all."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetfusion.errors import NoSpaceError
from budgetfusion.files import replacing, write_text


def test_a_finished_block_replaces_the_file(tmp_path: Path) -> None:
    """The new content stands under the name, and no partial file is left."""
    path = tmp_path / "new" / "text.txt"
    write_text(path, "old")
    write_text(path, "größer")

    assert path.read_text(encoding="utf-8") == "größer"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_block_keeps_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A reader finds what was there before."""
    path = tmp_path / "text.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError, match="interrupted"):
        _write_half(path)

    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("method", ["write_text", "replace"])
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """ENOSPC, while writing or while renaming, becomes `NoSpaceError` with the final name."""
    monkeypatch.setattr(os if method == "replace" else Path, method, _raise(errno.ENOSPC))
    with pytest.raises(NoSpaceError, match=r"text\.txt: no space left on the disk"):
        write_text(tmp_path / "text.txt", "anything")

    assert list(tmp_path.iterdir()) == []


def test_another_fault_of_the_disk_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a full disk is translated."""
    monkeypatch.setattr(os, "replace", _raise(errno.EACCES))
    with pytest.raises(PermissionError):
        write_text(tmp_path / "text.txt", "anything")

    assert list(tmp_path.iterdir()) == []


def _write_half(path: Path) -> None:
    with replacing(path) as partial:
        partial.write_text("half")
        raise RuntimeError("interrupted")


def _raise(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail

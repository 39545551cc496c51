"""Writing files so that a reader never sees half of one."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from budgetfusion.errors import NoSpaceError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`; rename it to `path` if the block ends well, remove it if not.

    Args:
        path: Where the finished file shall lie. Its folder is made if it is missing.

    Yields:
        The temporary path to write to, in the same folder (a rename across disks is not atomic).

    Raises:
        NoSpaceError: If the disk is full.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise NoSpaceError(path) from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, all of it or none."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")

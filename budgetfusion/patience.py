"""Patience with an object store: one that does not answer is asked again, then given up."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

WAITS_S = (1.0, 4.0)
"""A store that does not answer is asked again after so many seconds."""

_CLIENTS = ("botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "azure", "adlfs", "requests")
"""Packages of fsspec's file systems whose exceptions mean that the store did not answer."""


def ask(call: Callable[[], T], waits_s: Sequence[float], give_up: Callable[[str], Exception]) -> T:
    """Call a file system, again after each wait while it is away.

    Args:
        call: What is asked.
        waits_s: Before each further try, seconds; none gives up at once.
        give_up: Makes the error that is raised at the end, of the reason.

    Raises:
        FileNotFoundError: As the store says; it has answered.
        PermissionError: Likewise.
    """
    waits = list(waits_s)
    while True:
        try:
            return call()
        except Exception as error:
            if isinstance(error, FileNotFoundError | PermissionError) or not _is_away(error):
                raise
            if not waits:
                raise give_up(str(error) or type(error).__name__) from error
            time.sleep(waits.pop(0))


def _is_away(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error).__module__.startswith(_CLIENTS)

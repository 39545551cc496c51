"""What goes wrong on the way, asked for in advance: the next requests of an operation meet these faults."""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Literal

Kind = Literal["busy", "away", "away after commit", "cut off after commit", "refused", "more", "less", "page too many"]
"""429; 503 before anything happened; 503 after it happened; the connection closed after it happened; 403; an answer
with a field that nobody knows; an answer that lacks one; a link to a page past the end, which is not found."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Args:
        kind: What goes wrong.
        field: That is missing ('less').
    """

    kind: Kind
    field: str = ""


class Faults:
    """Faults that wait for requests, first come first served."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()

    def plan(self, operation_id: str, *faults: Fault | Kind) -> None:
        """Let the next requests of an operation meet these faults, one each."""
        with self._lock:
            self._waiting[operation_id].extend(f if isinstance(f, Fault) else Fault(f) for f in faults)

    def next(self, operation_id: str) -> Fault | None:
        """Return the fault that this request meets, if any."""
        with self._lock:
            waiting = self._waiting[operation_id]
            return waiting.popleft() if waiting else None

    def left(self) -> int:
        """Return how many faults no request has met."""
        with self._lock:
            return sum(len(waiting) for waiting in self._waiting.values())

"""The queue in front of the slots."""

import threading
from collections import deque
from collections.abc import Iterable

from budgetfusion.diffusion.errors import QueueFullError
from budgetfusion.diffusion.jobs import Ticket


class Waiting:
    """Tickets in the order in which they will be served.

    Args:
        limit: How many may wait before `put` holds up its caller.

    Attributes:
        changed: Notified whenever a ticket comes or goes.
    """

    def __init__(self, limit: int) -> None:
        self.changed = threading.Condition()
        self._limit, self._tickets = limit, deque[Ticket]()

    def __len__(self) -> int:
        return len(self._tickets)

    def put(self, ticket: Ticket, timeout_s: float | None = None) -> None:
        """Add a ticket at the end, when there is a place for it.

        Raises:
            QueueFullError: If none became free in time.
        """
        with self.changed:
            if not self.changed.wait_for(lambda: len(self) < self._limit, timeout_s):
                raise QueueFullError(len(self))
            self.extend([ticket])

    def extend(self, tickets: Iterable[Ticket]) -> None:
        """Add tickets at the end, however many they are."""
        with self.changed:
            self._tickets.extend(tickets)
            self.changed.notify_all()

    def put_back(self, tickets: Iterable[Ticket]) -> None:
        """Add tickets at the front, the first of them first."""
        with self.changed:
            self._tickets.extendleft(reversed(list(tickets)))

    def take(self) -> Ticket | None:
        """Remove and return the first ticket that somebody still waits for."""
        with self.changed:
            self.changed.notify_all()
            while self._tickets:
                ticket = self._tickets.popleft()
                if ticket.is_open:
                    return ticket
            return None

    def ahead(self, count: int) -> list[Ticket]:
        """Return the next tickets without removing them."""
        with self.changed:
            return [self._tickets[k] for k in range(min(count, len(self)))]

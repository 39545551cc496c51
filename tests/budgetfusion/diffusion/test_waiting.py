"""The queue in front of the slots."""

import pytest

from budgetfusion.diffusion.errors import QueueFullError
from budgetfusion.diffusion.jobs import Job, Ticket
from budgetfusion.diffusion.waiting import Waiting


def tickets(count: int) -> list[Ticket]:
    """Return tickets that differ in their seed."""
    return [Ticket(Job("x", seed, 1)) for seed in range(count)]


def test_who_comes_first_is_served_first() -> None:
    """Who is put back comes before all others."""
    a, b, c, d = tickets(4)
    waiting = Waiting(limit=2)
    waiting.extend([c, d])
    waiting.put_back([a, b])

    assert waiting.ahead(3) == [a, b, c]
    assert [waiting.take() for _ in range(5)] == [a, b, c, d, None]


def test_who_left_is_passed_over() -> None:
    """A cancelled ticket is dropped when its turn comes."""
    gone, here = tickets(2)
    waiting = Waiting(limit=2)
    waiting.extend([gone, here])
    gone.future.cancel()

    assert waiting.take() is here


def test_a_full_queue_is_named() -> None:
    """After the time that the caller allows."""
    waiting = Waiting(limit=1)
    waiting.put(tickets(1)[0])

    with pytest.raises(QueueFullError, match="found 1 jobs waiting"):
        waiting.put(tickets(1)[0], timeout_s=0.0)

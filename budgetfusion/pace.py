"""How fast long work goes, and how long it will still take."""

import time
from collections.abc import Callable

_UNITS = (("s", 1.0), ("min", 60.0), ("h", 3600.0), ("day", 86400.0))


class Pace:
    """The pace of work of which some may have been done before.

    Args:
        total: Things to do.
        clock: Returns seconds that never go back.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._clock = total, clock
        self._begun: tuple[int, float] | None = None

    def say(self, done: int) -> str:
        """Return the rate since the first call and the time left; an empty text before there is a rate.

        Args:
            done: Things that are done; those of the first call were done before, and tell nothing of the pace.
        """
        now_s = self._clock()
        self._begun = self._begun or (done, now_s)
        new, elapsed_s = done - self._begun[0], now_s - self._begun[1]
        if new <= 0 or elapsed_s <= 0:
            return ""
        return f"{rate(new / elapsed_s)}, {duration((self._total - done) * elapsed_s / new)} left"


def rate(each_s: float) -> str:
    """Return things per second as text, in the smallest unit of time that shows at least one of them."""
    unit, seconds = next((found for found in _UNITS if each_s * found[1] >= 1), _UNITS[-1])
    return f"{each_s * seconds:.3g}/{unit}"


def duration(seconds: float) -> str:
    """Return seconds as text, in the largest unit of which there is at least one."""
    unit, length = next((found for found in reversed(_UNITS) if seconds >= found[1]), _UNITS[0])
    return f"{seconds / length:.3g} {unit}"

"""Where a quality curve stops improving: Eq. 7 of the paper, oriented and guarded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

OMEGA: dict[str, float] = {"l_snr": 0.3, "d_sim": 0.2, "i_clip": 0.5}
"""How many standard deviations above the median count as not yet converged (arXiv:2412.05780, section 3.4)."""

RANGE_FLOOR = 0.01
"""A curve that moves less than this says nothing: Eq. 7 is scale-free and would read a plateau out of noise."""

Rule = Literal["prefix", "paper"]
Status = Literal["ok", "flat", "none"]


@dataclass(frozen=True)
class Plateau:
    """The plateau of one curve: its step count, and 'flat' (moves too little) or 'none' (never crosses) if guarded."""

    num_steps: int
    status: Status


@dataclass(frozen=True)
class Suggestion:
    """The number of steps that a prompt deserves, and why.

    `bound_by` is the metric with the latest plateau; `status` is that metric's.
    """

    num_steps: int
    bound_by: str
    status: Status
    plateaus: Mapping[str, Plateau]


def plateau(
    badness: NDArray[np.float64],
    omega: float,
    *,
    rule: Rule = "prefix",
    floor: float = RANGE_FLOOR,
    bounds: tuple[int, int] = (2, 129),
) -> Plateau:
    """Return the last step count at which a curve is still above median + omega * standard deviation.

    Args:
        badness: The curve at 1..129 steps, shape (129,), lower is better (turn rising metrics over first).
        omega: How many standard deviations count.
        rule: 'paper' takes Eq. 7 at its word: the last crossing wherever it lies, even where a curve that had settled
            rises again. 'prefix' ends with the first step count, from 2 on, that is below; on a falling curve the two
            are the same. A curve that is never above is 'none' and gets the fewest steps: this metric asks for nothing
            and leaves the word to the others.
        floor: A curve whose range is below this is 'flat' and gets the fewest steps; 0 switches the guard off.
        bounds: Fewest and most steps. Fewest is 2, because one step under linspace spacing is no image.

    Returns:
        The plateau, within `bounds`.

    Raises:
        ValueError: If the curve holds a value that is not a number.

    Source:
        arXiv:2412.05780, Eq. 7, read on the dense curve with the population standard deviation; literally it is the
        last step count that is not yet on the plateau.
    """
    if not np.isfinite(badness).all():
        raise ValueError("the curve holds a value that is not finite, expected numbers only")
    if np.ptp(badness) < floor:
        return Plateau(bounds[0], "flat")
    above = badness >= threshold(badness, omega)
    last = _last(above) if rule == "paper" else _end_of_prefix(above)
    return Plateau(int(np.clip(last, *bounds)), "ok") if last else Plateau(bounds[0], "none")


def threshold(badness: NDArray[np.float64], omega: float) -> float:
    """Return how bad a curve may be on its plateau: median + omega * population standard deviation, by Eq. 7.

    Args:
        badness: The curve at 1..129 steps, shape (129,), lower is better.
        omega: How many standard deviations count.
    """
    return float(np.median(badness) + omega * badness.std())


def suggest(
    badness: Mapping[str, NDArray[np.float64]],
    omega: Mapping[str, float] = OMEGA,
    *,
    rule: Rule = "prefix",
    floor: float = RANGE_FLOOR,
    bounds: tuple[int, int] = (2, 129),
) -> Suggestion:
    """Return the latest plateau over the metrics.

    Args:
        badness: Metric -> curve at 1..129 steps, shape (129,), lower is better.
        omega: Metric -> standard deviations.
        rule: See `plateau`.
        floor: See `plateau`.
        bounds: See `plateau`.

    Source:
        arXiv:2412.05780, section 3.4 (t* is the maximum over the metrics).
    """
    plateaus = {
        name: plateau(curve, omega[name], rule=rule, floor=floor, bounds=bounds) for name, curve in badness.items()
    }
    latest = max(plateaus, key=lambda name: plateaus[name].num_steps)
    return Suggestion(plateaus[latest].num_steps, latest, plateaus[latest].status, plateaus)


def _last(above: NDArray[np.bool_]) -> int:
    """Return the last step count that is above, 0 if none is."""
    crossings = np.flatnonzero(above)
    return int(crossings[-1]) + 1 if len(crossings) else 0


def _end_of_prefix(above: NDArray[np.bool_]) -> int:
    """Return the last step count before the first, from 2 on, that is not above; 0 if 2 steps are not."""
    below = np.flatnonzero(~above[1:])
    length = int(below[0]) if len(below) else len(above) - 1
    return length + 1 if length else 0

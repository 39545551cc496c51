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
    badness: NDArray[np.float64], omega: float, *, floor: float = RANGE_FLOOR, bounds: tuple[int, int] = (2, 129)
) -> Plateau:
    """Return the last step count at which a curve is still above median + omega * standard deviation.

    Args:
        badness: The curve at 1..129 steps, shape (129,), lower is better (turn rising metrics over first).
        omega: How many standard deviations count.
        floor: A curve whose range is below this is 'flat' and gets the fewest steps; 0 switches the guard off.
            A curve that never crosses (it rises and levels off) is 'none' and gets the fewest too: no step count was
            notably worse than the median, so this metric asks for nothing and leaves the word to the others.
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
    fewest, most = bounds
    if np.ptp(badness) < floor:
        return Plateau(fewest, "flat")
    above = np.flatnonzero(badness >= np.median(badness) + omega * badness.std())
    if len(above) == 0:
        return Plateau(fewest, "none")
    return Plateau(int(np.clip(above[-1] + 1, fewest, most)), "ok")


def suggest(
    badness: Mapping[str, NDArray[np.float64]],
    omega: Mapping[str, float] = OMEGA,
    *,
    floor: float = RANGE_FLOOR,
    bounds: tuple[int, int] = (2, 129),
) -> Suggestion:
    """Return the latest plateau over the metrics.

    Args:
        badness: Metric -> curve at 1..129 steps, shape (129,), lower is better.
        omega: Metric -> standard deviations.
        floor: See `plateau`.
        bounds: See `plateau`.

    Source:
        arXiv:2412.05780, section 3.4 (t* is the maximum over the metrics).
    """
    plateaus = {name: plateau(curve, omega[name], floor=floor, bounds=bounds) for name, curve in badness.items()}
    latest = max(plateaus, key=lambda name: plateaus[name].num_steps)
    return Suggestion(plateaus[latest].num_steps, latest, plateaus[latest].status, plateaus)

"""The best split of a fixed total of steps over a batch of prompts: where the next step is worth most."""

import heapq
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from budgetfusion.metrics import QUALITY

Numbers = NDArray[np.float64]


def quality(curves: Mapping[str, Numbers]) -> Numbers:
    """Return one quality of several metrics: the mean over metrics, each turned so that higher is better.

    Args:
        curves: Metric -> values at 1..129 steps, shape (prompts, 129), in [0, 1].

    Returns:
        Shape (prompts, 129), in [0, 1].
    """
    mean: Numbers = np.mean([QUALITY[name](values) for name, values in curves.items()], axis=0)
    return mean


def split(worth: Numbers, total: int, fewest: int = 2) -> NDArray[np.int64]:
    """Split a total of steps over prompts so that their summed quality is as large as it can be.

    Steps are handed out where they are worth most, along the concave envelope of each curve, a straight piece of it at
    a time. On concave curves this is the best of all splits. On others it is the best split of the envelopes; at most
    one prompt ends inside a piece, where its curve lies below its envelope, so the loss is at most that one gap.

    Args:
        worth: Quality at 1, 2, ... steps, shape (prompts, steps), higher is better, finite.
        total: Steps for all prompts, at least `fewest` for each; what no prompt gains from is not handed out.
        fewest: Steps that every prompt gets, at least 1. By default 2: one step under linspace spacing is no image.

    Returns:
        Shape (prompts,), from `fewest` to the number of steps; their sum is at most `total`.

    Raises:
        ValueError: If the total does not give every prompt the fewest, or a quality is not finite.

    Source:
        Fox 1966, "Discrete optimization via marginal analysis": the greedy choice is optimal for concave returns.
    """
    if total < fewest * len(worth):
        raise ValueError(f"found a total of {total} steps, expected at least {fewest} for each of {len(worth)} prompts")
    if not np.isfinite(worth).all():
        raise ValueError("the curves hold a value that is not finite, expected numbers only")
    steps, left = np.full(len(worth), fewest, dtype=np.int64), total - fewest * len(worth)
    pieces = [_pieces(curve, fewest) for curve in worth]
    waiting = [(-slope, k, length) for k, ahead in enumerate(pieces) for slope, length in _next(ahead)]
    heapq.heapify(waiting)
    while waiting and left:
        _, k, length = heapq.heappop(waiting)
        steps[k] += min(length, left)
        left -= min(length, left)
        for slope, following in _next(pieces[k]):
            heapq.heappush(waiting, (-slope, k, following))
    return steps


def envelope(curve: Numbers, fewest: int = 1) -> Numbers:
    """Return the concave envelope of a curve: the lowest concave curve that is nowhere below it.

    Args:
        curve: Quality at 1, 2, ... steps, shape (steps,).
        fewest: Where the envelope begins; before it the curve is returned as it is.
    """
    found, at = curve.astype(np.float64).copy(), fewest
    for slope, length in _pieces(curve, fewest, falling=True):
        found[at - 1 : at + length] = found[at - 1] + slope * np.arange(length + 1)
        at += length
    return found


def _pieces(curve: Numbers, fewest: int, *, falling: bool = False) -> Iterator[tuple[float, int]]:
    """Yield the slope and the length of each straight piece of the envelope, from `fewest` steps on, while it rises."""
    at = fewest - 1
    while at < len(curve) - 1:
        slopes = (curve[at + 1 :] - curve[at]) / np.arange(1, len(curve) - at)
        length = len(slopes) - int(np.argmax(slopes[::-1]))  # the farthest of equals: one piece, not several
        if slopes[length - 1] <= 0 and not falling:
            return
        yield float(slopes[length - 1]), length
        at += length


def _next(pieces: Iterator[tuple[float, int]]) -> Iterator[tuple[float, int]]:
    """Yield the next piece, if there is one."""
    piece = next(pieces, None)
    if piece is not None:
        yield piece

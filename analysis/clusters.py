"""The variance of a mean whose values are clustered in one way, or in two crossed ways."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

ROOMY = 4
"""Cells of a participants x prompts table are counted in place up to this many for each choice, else sorted."""


def number_of_groups(codes: Codes) -> int:
    """Return how many different codes occur."""
    return int(np.count_nonzero(np.bincount(codes)))


def cluster_variance(residuals: Numbers, clusters: Sequence[Codes]) -> float:
    """Return the variance of a mean from its residuals, robust to one or two crossed clusterings.

    Args:
        residuals: Values less their mean, shape (values,).
        clusters: One or two arrays of codes, 0-based, each of shape (values,).

    Source:
        Cameron, Gelbach and Miller (2011), equation 2.13 and section 2.3; the guard against a variance below that of
        one way is the larger of both.
    """
    ways = [_one_way(residuals, codes) for codes in clusters]
    if len(ways) == 1:
        return ways[0]
    return max(sum(ways) - _one_way(residuals, cells(*clusters)), *ways)


def cells(first: Codes, second: Codes) -> Codes:
    """Return codes of the pairs of two codes."""
    width = int(second.max()) + 1
    pairs = first * width + second
    if (int(first.max()) + 1) * width <= ROOMY * len(pairs):
        return pairs
    return np.asarray(np.unique(pairs, return_inverse=True)[1], dtype=np.int64)


def _one_way(residuals: Numbers, codes: Codes) -> float:
    sums = np.bincount(codes, weights=residuals)
    groups = number_of_groups(codes)
    return float(groups / (groups - 1) * (sums @ sums) / len(residuals) ** 2)

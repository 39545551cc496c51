"""A set of prompts no two of which mean nearly the same: Eq. 1 of the paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.75
BLOCK = 256

TextEncoder = Callable[[Sequence[str]], NDArray[np.float32]]
"""Prompts to text embeddings, shape (prompts, width), none of length 0."""


@dataclass(frozen=True)
class Kept:
    """The prompts that were kept, in the order in which they were visited, and out of how many."""

    prompts: list[str]
    visited: int


def keep_dissimilar(
    prompts: Sequence[str],
    encode: TextEncoder,
    *,
    threshold: float = THRESHOLD,
    seed: int | None = 0,
    progress: Callable[[int], None] = lambda done: None,
) -> Kept:
    """Keep a prompt if it is unlike every prompt that was kept before it.

    How many are kept depends on the encoder and on the order, so a count means nothing without both.

    Args:
        prompts: Any number.
        encode: Any text encoder.
        threshold: The largest cosine that two kept prompts may not reach, in (-1, 1].
        seed: Of the order in which they are visited; none: as they come.
        progress: Called with how many were visited.

    Source:
        arXiv:2412.05780, Eq. 1 (cosine below 0.75, 18,384 captions of COCO kept; it names neither encoder nor order,
        and calls the cosine a dissimilarity).
    """
    order = range(len(prompts)) if seed is None else np.random.default_rng(seed).permutation(len(prompts)).tolist()
    visited = [prompts[k] for k in order]
    kept = np.zeros((0, 0), dtype=np.float32)
    found: list[str] = []
    for start in range(0, len(visited), BLOCK):
        block = visited[start : start + BLOCK]
        units = _units(encode(block))
        chosen = unlike(units, kept, threshold)
        kept = np.concatenate([kept.reshape(-1, units.shape[1]), units[chosen]])
        found += [block[k] for k in chosen]
        progress(start + len(block))
    return Kept(found, len(visited))


def unlike(units: NDArray[np.float32], kept: NDArray[np.float32], threshold: float) -> list[int]:
    """Return which rows are below the threshold with all kept rows and with those chosen before them.

    Args:
        units: Vectors of length 1, shape (rows, width).
        kept: Vectors of length 1, shape (kept, width), or none.
        threshold: The cosine that is too large.
    """
    fresh = (units @ kept.T < threshold).all(axis=1) if len(kept) else np.ones(len(units), dtype=bool)
    among = units @ units.T
    chosen: list[int] = []
    for k in np.flatnonzero(fresh).tolist():
        if not chosen or (among[k, chosen] < threshold).all():
            chosen.append(k)
    return chosen


def _units(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / lengths

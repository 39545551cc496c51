"""Which conditions stand beside each other: designs of paired comparisons. Pure, on names alone.

Source:
    David, The Method of Paired Comparisons (2nd ed. 1988), chapter 5: balanced and incomplete designs; the order of the
    pairs is a round robin by the circle method, so that a run of pairs takes every condition about equally often.
"""

import hashlib
from collections.abc import Sequence
from itertools import combinations
from typing import Literal

Pair = tuple[str, str]
PairDesign = Literal["full", "balanced", "bridge"]


def pair_up(conditions: Sequence[str], design: PairDesign, bridge: str | None = None) -> list[Pair]:
    """Return the pairs that a design compares.

    Args:
        conditions: Their names, different.
        design: 'full' and 'balanced': each with each; 'bridge': each with the bridge.
        bridge: The condition that each other one meets, for 'bridge'.
    """
    if bridge is not None:
        return [(name, bridge) for name in conditions if name != bridge]
    return list(combinations(conditions, 2)) if design == "full" else round_robin(conditions)


def round_robin(conditions: Sequence[str]) -> list[Pair]:
    """Return all pairs, round after round; in a round no condition stands twice."""
    circle: list[str | None] = [*conditions, *([None] if len(conditions) % 2 else [])]
    half, found = len(circle) // 2, []
    for _ in range(len(circle) - 1):
        meetings = zip(circle[:half], reversed(circle[half:]), strict=True)
        found += [(one, other) for one, other in meetings if one is not None and other is not None]
        circle = [circle[0], circle[-1], *circle[1:-1]]
    place = {name: k for k, name in enumerate(conditions)}
    return [(one, other) if place[one] < place[other] else (other, one) for one, other in found]


def assign(pairs: Sequence[Pair], lines: Sequence[str], per_line: int | None = None) -> list[list[Pair]]:
    """Return the pairs of each line of material; each pair stands equally often, give or take one.

    Args:
        pairs: Of the design, in an order in which neighbours may be left out together.
        lines: A name of each line (a prompt and a seed); the names alone decide who gets which pairs, not their order.
        per_line: How many pairs a line gets; none: all.
    """
    if per_line is None:
        return [list(pairs) for _ in lines]
    ranks = sorted(range(len(lines)), key=lambda k: hashlib.sha256(lines[k].encode()).digest())
    chosen: list[list[Pair]] = [[] for _ in lines]
    for turn, line in enumerate(ranks):
        chosen[line] = [pairs[(turn * per_line + k) % len(pairs)] for k in range(per_line)]
    return chosen


def groups(pairs: Sequence[Pair]) -> list[set[str]]:
    """Return the groups of conditions that the pairs join, directly or through others; one group can be scaled."""
    found: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in found if group & set(pair)]
        found = [group for group in found if group not in touched] + [set(pair).union(*touched)]
    return found

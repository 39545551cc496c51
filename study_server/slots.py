"""Trial plans, numbered: what slot k shows, in which order and on which side.

Pure: a plan depends on the manifest, the design and the slot's number, and on nothing that happened before. Main
trials walk round the items, one slot after the other, so after any number of slots two items differ by at most one
showing; the side of an item changes with each round, which balances sides within every slot and over slots.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from stimuli.manifest import SAME, Item, Manifest, Purpose
from stimuli.studyfile import DesignTable

T = TypeVar("T")


@dataclass(frozen=True)
class PlannedTrial:
    """One trial to come; `repeat_of` is the trial_index of the first showing."""

    trial_index: int
    block: int
    item_id: str
    purpose: Purpose
    left_condition: str
    right_condition: str
    repeat_of: int | None = None


@dataclass(frozen=True)
class _Showing:
    item_id: str
    purpose: Purpose
    left: str
    right: str
    first: "_Showing | None" = None
    round: int = 0  # which time round the items, so that two showings of an item in one slot differ


def plan(manifest: Manifest, design: DesignTable, slot_number: int) -> list[PlannedTrial]:
    """Return the trials of one slot: practice first (block 0), then the blocks.

    Args:
        manifest: What can be shown; a main item that was found identical is not.
        design: How many trials, repeats and blocks.
        slot_number: 0-based.
    """
    key = f"{design.seed}/{slot_number}"
    practice = _checks(manifest, "practice", slot_number, key)
    sequence = _with_repeats(_mains(manifest, design, slot_number), design.repeats, key)
    for purpose in ("catch", "identical", "check"):
        sequence = _spread(sequence, _checks(manifest, purpose, slot_number, key))
    blocks = [0] * len(practice) + [1 + i * design.blocks // len(sequence) for i in range(len(sequence))]
    return _numbered([*practice, *sequence], blocks)


def better_condition(item: Item) -> str:
    """Return the condition that a careful eye chooses in a catch, practice or check item.

    It is the one with the reference's own pixels, else the one made with the most steps, else the first.
    """
    reference = item.reference.sha256 if item.reference else ""
    return max(item.stimuli.values(), key=lambda s: (s.sha256 == reference, s.num_steps or 0)).condition


def items_of(manifest: Manifest, purpose: Purpose) -> list[Item]:
    """Return the manifest's items of one purpose, in its order; of identical items those that were meant to be."""
    meant = [item for item in manifest.items if purpose != "identical" or SAME in item.stimuli]
    return [item for item in meant if item.purpose == purpose]


def _mains(manifest: Manifest, design: DesignTable, slot_number: int) -> list[_Showing]:
    items = _shuffled(items_of(manifest, "main"), f"{design.seed}/items")
    turns = _turns(items)
    showings = []
    for position in range(slot_number * design.main_trials, (slot_number + 1) * design.main_trials):
        rounds, place = divmod(position, len(items))
        left, right = _sides(_pair(items[place]), rounds + turns[place])
        showings.append(_Showing(items[place].item_id, "main", left, right, round=rounds))
    return showings


def _pair(item: Item) -> tuple[str, str]:
    one, other = item.stimuli
    return one, other


def _turns(items: Sequence[Item]) -> list[int]:
    """Return each item's turn among those of its pair; pairs begin by turns, so that no condition keeps to a side."""
    seen: dict[tuple[str, str], int] = {}
    turns = []
    for item in items:
        turns.append(seen.setdefault(_pair(item), len(seen)))
        seen[_pair(item)] += 1
    return turns


def _checks(manifest: Manifest, purpose: Purpose, slot_number: int, key: str) -> list[_Showing]:
    showings = []
    for place, item in enumerate(items_of(manifest, purpose)):
        worse = next(name for name in item.stimuli if name != better_condition(item))
        left, right = _sides((better_condition(item), worse), slot_number + place)
        showings.append(_Showing(item.item_id, purpose, left, right))
    return _shuffled(showings, f"{key}/{purpose}")


def _with_repeats(mains: list[_Showing], repeats: int, key: str) -> list[_Showing]:
    """Return the main trials in random order, and some again, later, with swapped sides.

    What is repeated is drawn from both sides alike; first showings lie in the first part, repeats in the second.
    """
    mains = _shuffled(mains, f"{key}/order")
    firsts = _alternating(mains)[:repeats]
    others = [showing for showing in mains if showing not in firsts]
    fill = max(0, len(mains) // 2 - len(firsts))
    again = [_Showing(f.item_id, "repeat", f.right, f.left, f, f.round) for f in firsts]
    head = _shuffled(firsts + others[:fill], f"{key}/head")
    return head + _shuffled(others[fill:] + again, f"{key}/tail")


def _alternating(showings: list[_Showing]) -> list[_Showing]:
    """Return the showings so that the two orders of sides take turns, as far as they go."""
    one_way = [showing for showing in showings if showing.left < showing.right]
    other_way = [showing for showing in showings if showing.left > showing.right]
    turns = {id(s): 2 * i for i, s in enumerate(one_way)} | {id(s): 2 * i + 1 for i, s in enumerate(other_way)}
    return sorted(showings, key=lambda showing: turns[id(showing)])


def _spread(sequence: list[_Showing], catches: list[_Showing]) -> list[_Showing]:
    """Return the sequence with the catch trials at even distances."""
    out = list(sequence)
    for i, catch in enumerate(catches):
        out.insert(i + (2 * i + 1) * len(sequence) // (2 * len(catches)), catch)
    return out


def _numbered(showings: list[_Showing], blocks: list[int]) -> list[PlannedTrial]:
    index = {showing: i for i, showing in enumerate(showings)}
    return [
        PlannedTrial(i, block, s.item_id, s.purpose, s.left, s.right, index[s.first] if s.first else None)
        for i, (s, block) in enumerate(zip(showings, blocks, strict=True))
    ]


def _sides(pair: tuple[str, str], turn: int) -> tuple[str, str]:
    return pair if turn % 2 == 0 else (pair[1], pair[0])


def _shuffled(things: Sequence[T], key: str) -> list[T]:
    """Return the things in an order that follows from the key alone, on any machine and version of Python."""
    ranks = [hashlib.sha256(f"{key}/{i}".encode()).digest() for i in range(len(things))]
    return [things[i] for i in sorted(range(len(things)), key=ranks.__getitem__)]

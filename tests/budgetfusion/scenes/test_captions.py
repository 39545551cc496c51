"""Measured captions are split by composition and balanced over how crowded they are."""

import random
from collections import Counter

import pytest

from budgetfusion.scenes.captions import STRATA, captions, is_held_out, stratum
from budgetfusion.scenes.grammar import Scene
from budgetfusion.scenes.sentences import sample

EACH = 3  # of each stratum; scenes of six groups that are held out altogether are rare


@pytest.mark.parametrize("held_out", [False, True])
def test_captions_keep_to_their_side_and_are_balanced(held_out: bool) -> None:
    """Training captions hold no held-out combination, held-out captions nothing else; each stratum has as many."""
    chosen = captions(held_out=held_out, each=EACH, seed=5)
    rng = random.Random(5 + (1 << 32 if held_out else 0))  # noqa: S311 -- the chance that `captions` draws from
    strata: dict[str, str] = {}
    for scene in (sample(rng) for _ in range(1_000_000)):
        one_side = {is_held_out(combination) for combination in scene.composition} == {held_out}
        if one_side and scene.caption in chosen:
            strata.setdefault(scene.caption, stratum(scene))
        if len(strata) == len(STRATA) * EACH:
            break

    assert [strata[caption] for caption in chosen] == [*STRATA] * EACH


def test_a_seed_decides_the_captions() -> None:
    """The same seed, the same captions, in the same order."""
    assert captions(held_out=False, each=EACH, seed=1) == captions(held_out=False, each=EACH, seed=1)
    assert captions(held_out=False, each=EACH, seed=1) != captions(held_out=False, each=EACH, seed=2)


def test_no_caption_is_on_both_sides() -> None:
    """What is tested was never trained on."""
    training, held_out = (set(captions(held_out=side, each=EACH)) for side in (False, True))

    assert training & held_out == set()


def test_one_combination_in_five_is_held_out() -> None:
    """The hash spreads evenly."""
    rng = random.Random(0)  # noqa: S311 -- nothing secret is drawn
    combinations = {one for _ in range(20_000) for one in sample(rng).composition}
    share = sum(map(is_held_out, combinations)) / len(combinations)

    assert 0.15 < share < 0.25


def test_every_scene_has_a_stratum() -> None:
    """The strata follow the number of groups; four to six are `many`."""
    rng = random.Random(1)  # noqa: S311 -- nothing secret is drawn
    drawn: list[Scene] = [sample(rng) for _ in range(3_000)]

    assert set(Counter(map(stratum, drawn))) == set(STRATA)
    assert {len(scene.groups) for scene in drawn if stratum(scene) == "many"} == {4, 5, 6}

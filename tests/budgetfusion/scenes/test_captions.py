"""Measured captions are split by composition and balanced over how crowded they are."""

import random
from collections import Counter

import pytest

from budgetfusion.scenes.captions import STRATA, captions, is_held_out, stratum
from budgetfusion.scenes.grammar import Scene, sample

EACH = 15


@pytest.fixture(scope="module")
def scenes() -> dict[str, set[frozenset[tuple[str, str, str]]]]:
    """The compositions that can stand behind a caption, by caption."""
    found: dict[str, set[frozenset[tuple[str, str, str]]]] = {}
    for held_out in (False, True):
        rng = random.Random(5 + (1 << 32 if held_out else 0))  # noqa: S311 -- the seed that `captions` begins with
        for _ in range(60_000):
            scene = sample(rng)
            found.setdefault(scene.caption, set()).add(scene.composition)
    return found


@pytest.mark.parametrize("held_out", [False, True])
def test_captions_keep_to_their_side(held_out: bool, scenes: dict[str, set[frozenset[tuple[str, str, str]]]]) -> None:
    """A training caption holds no held-out combination, and a held-out caption nothing else."""
    for caption in captions(held_out=held_out, each=EACH, seed=5):
        sides = [{is_held_out(one) for one in composition} for composition in scenes[caption]]
        assert {held_out} in sides


@pytest.mark.parametrize("held_out", [False, True])
def test_strata_are_balanced(held_out: bool) -> None:
    """The captions go round the strata, and none comes twice."""
    chosen = captions(held_out=held_out, each=EACH)

    assert len(set(chosen)) == len(STRATA) * EACH
    assert all("empty" not in caption for caption in chosen[1 :: len(STRATA)])


def test_a_seed_decides_the_captions() -> None:
    """The same seed, the same captions, in the same order."""
    assert captions(held_out=False, each=5, seed=1) == captions(held_out=False, each=5, seed=1)
    assert captions(held_out=False, each=5, seed=1) != captions(held_out=False, each=5, seed=2)


def test_no_caption_is_on_both_sides() -> None:
    """What is tested was never trained on."""
    training, held_out = (set(captions(held_out=side, each=40)) for side in (False, True))

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

"""The captions of the embedded world say what is drawn, in words that it knows."""

import random
import re

import pytest

from budgetfusion.scenes.grammar import COLOURS, CROWDS, PREPOSITIONS, QUANTITIES, SHAPES, Scene
from budgetfusion.scenes.sentences import sample, unknown_words, vocabulary


def _samples(count: int, seed: int = 3, simple: float = 0.0) -> list[Scene]:
    rng = random.Random(seed)  # noqa: S311 -- nothing secret is drawn
    return [sample(rng, simple) for _ in range(count)]


def test_a_seed_decides_the_scenes() -> None:
    """The same seed draws the same scenes, another one others."""
    assert _samples(50) == _samples(50)
    assert _samples(50) != _samples(50, seed=4)


def test_every_word_of_a_caption_is_in_the_vocabulary() -> None:
    """Also of captions that the vocabulary was not gathered from."""
    words = {word for scene in _samples(5_000, seed=987) for word in re.findall(r"[^\W_]+", scene.caption.lower())}

    assert words <= vocabulary()
    assert set(COLOURS) | set(SHAPES) <= vocabulary()


def test_unknown_words_are_named_in_order_and_once() -> None:
    """Case and punctuation do not matter."""
    assert unknown_words("A purple elephant, an Elephant and a RED unicorn!") == ["elephant", "unicorn"]
    assert unknown_words("a red ball on a green field") == []


def test_groups_have_regions_and_crowds_are_counted() -> None:
    """A scene has a region for each group, unless it is a crowd."""
    for scene in _samples(2_000):
        assert (len(scene.regions) == len(scene.groups)) or scene.crowd
        assert scene.crowd == 0 or 9 <= scene.crowd <= 16
        assert scene.num_objects == (scene.crowd or sum(group.count for group in scene.groups))


def test_all_scenes_are_one_object_when_they_are_forced() -> None:
    """The curriculum's first lesson."""
    assert {scene.num_objects for scene in _samples(500, simple=1.0)} == {1}


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_scenes_of_few_groups_occur(kind: int) -> None:
    """Empty scenes and those of one, two and three groups are all drawn."""
    assert any(len(scene.groups) == kind and not scene.crowd for scene in _samples(500))


def test_every_crowd_is_drawn_sooner_or_later() -> None:
    """Every background but none beyond the grammar has its crowds."""
    crowds = {(scene.background, scene.groups[0].shape) for scene in _samples(20_000) if scene.crowd}

    assert crowds == {(background, shape) for background, shapes in CROWDS.items() for shape in shapes}
    assert set(CROWDS) == set(PREPOSITIONS)


def test_no_group_has_the_named_colour_of_its_background() -> None:
    """A white star on a white wall could not be seen."""
    named = [scene for scene in _samples(3_000) if scene.background_colour]

    assert all(group.colour != scene.background_colour for scene in named for group in scene.groups)


def test_a_row_of_cows_follows_one_another() -> None:
    """As in the paper's own prompt; three to five of a kind in one row."""
    rows = [scene for scene in _samples(3_000) if "following one another" in scene.caption]

    assert {scene.groups[0].count for scene in rows} == {3, 4, 5}
    assert unknown_words("black cows following one another across the street") == []


def test_an_airplane_has_company() -> None:
    """As in the paper's own prompt; the company is four to six."""
    company = [scene for scene in _samples(3_000) if "standing next to it" in scene.caption]

    assert {scene.groups[1].count for scene in company} == {4, 5, 6}
    assert unknown_words("an airplane at an airport with a group of people standing next to it") == []


@pytest.mark.parametrize(("words", "counts"), QUANTITIES.items())
def test_a_vague_number_stands_for_a_few(words: str, counts: tuple[int, ...]) -> None:
    """'Several' is four or five, and so on."""
    single = [s for s in _samples(20_000) if f"{words} " in s.caption and len(s.groups) == 1 and not s.crowd]

    assert {scene.groups[0].count for scene in single} == set(counts) & {2, 3, 4, 5}

"""The captions of the embedded world say what is drawn, in words that it knows."""

import random
import re

import pytest

from budgetfusion.scenes.grammar import COLOURS, CROWDS, SHAPES, Scene, sample, unknown_words, vocabulary


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
    """The caption of a crowd begins with one of the openings."""
    captions = " | ".join(scene.caption for scene in _samples(8_000) if scene.crowd)

    assert [text for _, _, text in CROWDS if text not in captions] == []

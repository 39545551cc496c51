"""Scenes become pictures, the same ones from the same seed."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from budgetfusion.scenes.draw import render
from budgetfusion.scenes.grammar import PREPOSITIONS, SHAPES, Group, Scene
from budgetfusion.scenes.sentences import sample

MIDDLE = (0.1, 0.12, 0.9, 0.92)


def _draw(scene: Scene, seed: int = 0) -> NDArray[np.uint8]:
    return render(scene, random.Random(seed))  # noqa: S311 -- nothing secret is drawn


def _with(count: int, shape: str = "ball", colour: str = "red") -> Scene:
    groups = (Group(count, "", colour, shape),) if count else ()
    return Scene("a caption", "wall", "grey", groups, (MIDDLE,) * len(groups))


def _changed(scene: Scene) -> int:
    """How many pixels differ from the empty grey wall."""
    return int((_draw(scene).astype(int) != _draw(_with(0))).any(axis=-1).sum())


def test_pictures_are_bytes_of_64_by_64() -> None:
    """Of every kind of scene, also crowds."""
    rng = random.Random(2)  # noqa: S311 -- nothing secret is drawn
    for _ in range(200):
        image = render(sample(rng), rng)
        assert (image.shape, image.dtype) == ((64, 64, 3), np.uint8)


def test_a_seed_decides_the_picture() -> None:
    """The same seed draws the same pixels; another one moves the ball."""
    np.testing.assert_array_equal(_draw(_with(1)), _draw(_with(1)))

    assert (_draw(_with(1)) != _draw(_with(1), seed=1)).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_drawn(shape: str) -> None:
    """It covers at least three pixels in a hundred of the wall behind it."""
    assert _changed(_with(1, shape)) > 0.03 * 64 * 64


def test_shapes_differ() -> None:
    """No two shapes are the same picture."""
    assert len({_draw(_with(1, shape)).tobytes() for shape in SHAPES}) == len(SHAPES)


@pytest.mark.parametrize("background", PREPOSITIONS)
@pytest.mark.parametrize("colour", [None, "purple"])
def test_every_background_is_drawn(background: str, colour: str | None) -> None:
    """With its own colour and with a named one, never a blank."""
    image = _draw(Scene("a caption", background, colour))

    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 1


def test_backgrounds_differ() -> None:
    """No two backgrounds are the same picture."""
    pictures = {_draw(Scene("a caption", background, None)).tobytes() for background in PREPOSITIONS}

    assert len(pictures) == len(PREPOSITIONS)


def test_more_objects_change_more_pixels() -> None:
    """Each object of a given size adds its own area: a crowd is more than a few, a few more than none."""
    crowd = Scene("a caption", "wall", "grey", (Group(1, "", None, "ball"),), crowd=16)
    left, right = (0.02, 0.2, 0.5, 0.94), (0.5, 0.2, 0.98, 0.94)
    one = Scene("a caption", "wall", "grey", (Group(1, "", "red", "ball"),), (left,))
    two = Scene("a caption", "wall", "grey", (Group(1, "", "red", "ball"),) * 2, (left, right))

    assert 0 == _changed(_with(0)) < _changed(one) < _changed(two) < _changed(crowd)

"""What a judge is taught is what was drawn."""

import random

import pytest
import torch

from budgetfusion.scenes.draw import Thing
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES
from budgetfusion.scenes.training import labels
from budgetfusion.scenes.training.labels import UNKNOWN, Labelled, labelled

RED_BALL = Thing("ball", "red", (200, 0, 0), 0.25, 0.25, 0.4)
BLUE_BOX = Thing("box", "blue", (0, 0, 200), 0.75, 0.75, 0.4)


@pytest.fixture(scope="module")
def batch() -> Labelled:
    """Two hundred scenes with their labels."""
    return labelled(random.Random(0), 200)  # noqa: S311 -- nothing secret is drawn


def test_labels_agree_with_the_scenes(batch: Labelled) -> None:
    """Background, shapes and number of objects; the ninth number stands for more than eight."""
    for k, scene in enumerate(batch.scenes):
        assert tuple(PREPOSITIONS)[batch.backgrounds[k]] == scene.background
        assert {SHAPES[i] for i in batch.shapes[k].nonzero()} == {group.shape for group in scene.groups}
        assert batch.counts[k] == min(scene.num_objects, 9)
        assert {group.colour for group in scene.groups} - {None} <= {
            tuple(COLOURS)[i] for i in batch.colours[k].nonzero()
        }


def test_the_density_adds_up_to_the_objects(batch: Labelled) -> None:
    """Also in a crowd."""
    objects = torch.tensor([float(scene.num_objects) for scene in batch.scenes])

    torch.testing.assert_close(batch.density.sum(dim=(1, 2)), objects)


def test_every_object_is_on_the_map() -> None:
    """Its middle says what it is, its edge is unknown, the rest is nothing."""
    shapes = labels._map([RED_BALL, BLUE_BOX], "shape")

    assert (shapes[4, 4], shapes[12, 12], shapes[4, 12]) == (1 + SHAPES.index("ball"), 1 + SHAPES.index("box"), 0)
    assert shapes[4, 1] == UNKNOWN


def test_a_later_object_covers_an_earlier_one() -> None:
    """As in the picture."""
    cover = Thing("star", "pink", (9, 9, 9), RED_BALL.x, RED_BALL.y, RED_BALL.side)
    colours = labels._map([RED_BALL, cover], "colour")

    assert colours[4, 4] == 1 + list(COLOURS).index("pink")


def test_a_seed_decides_the_batch(batch: Labelled) -> None:
    """Pixels and all."""
    again = labelled(random.Random(0), 200)  # noqa: S311 -- nothing secret is drawn

    assert torch.equal(batch.pixels, again.pixels)
    assert batch.scenes == again.scenes

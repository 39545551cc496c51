"""Triplets are what their kind says."""

import random

import pytest
import torch

from budgetfusion.scenes.training.midlevel import triplet_loss
from budgetfusion.scenes.training.triplets import KINDS, Drawing, drawing, triplets


def _rng(seed: int = 0) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- nothing secret is drawn


def _pairs(kind: str) -> list[tuple[Drawing, Drawing, Drawing]]:
    """Return twenty anchors, each with its near and its far drawing."""
    objects, pair = KINDS[kind]
    anchors = [drawing(_rng(seed), objects) for seed in range(20)]
    return [(anchor, *pair(anchor, _rng(seed))) for seed, anchor in enumerate(anchors)]


@pytest.mark.parametrize("kind", KINDS)
def test_triplets_are_three_different_pictures(kind: str) -> None:
    """Anchor, near and far: pixels of -1..1."""
    pixels = triplets(_rng(), torch.Generator().manual_seed(0), [kind] * 4)

    assert pixels.shape == (3, 4, 3, 64, 64)
    assert -1 <= pixels.min() < pixels.max() <= 1
    for k in range(4):
        assert not torch.equal(pixels[0, k], pixels[2, k])
        assert not torch.equal(pixels[1, k], pixels[2, k])


@pytest.mark.parametrize("kind", ["layout", "place", "shape", "colour", "missing", "background"])
def test_a_jitter_changes_no_shape_and_no_colour(kind: str) -> None:
    """Every object stays within a twentieth of the picture's side."""
    for anchor, near, _ in _pairs(kind):
        assert near.scene == anchor.scene
        for before, after in zip(anchor.things, near.things, strict=True):
            assert (before.shape, before.colour) == (after.shape, after.colour)
            assert max(abs(before.x - after.x), abs(before.y - after.y)) < 0.05


@pytest.mark.parametrize("kind", ["place", "shape", "colour"])
def test_one_object_is_changed(kind: str) -> None:
    """All others are exactly the anchor's."""
    for anchor, _, far in _pairs(kind):
        assert sum(before != after for before, after in zip(anchor.things, far.things, strict=True)) == 1


@pytest.mark.parametrize(("kind", "attribute"), [("all_shapes", "shape"), ("all_colours", "colour")])
def test_all_objects_are_changed(kind: str, attribute: str) -> None:
    """Where the near drawing changes one."""
    for anchor, near, far in _pairs(kind):
        for drawn, changed in ((near, 1), (far, len(anchor.things))):
            pairs = zip(anchor.things, drawn.things, strict=True)
            assert sum(getattr(a, attribute) != getattr(b, attribute) for a, b in pairs) == changed


def test_an_object_is_missing() -> None:
    """The others stand where they stood."""
    for anchor, _, far in _pairs("missing"):
        assert len(far.things) == len(anchor.things) - 1
        assert set(far.things) <= set(anchor.things)


def test_features_in_the_right_order_have_a_smaller_loss() -> None:
    """The network here returns the colours of a picture's middle."""
    red, pink, blue = (
        torch.tensor(levels).view(3, 1, 1).expand(3, 64, 64) for levels in ((1.0, 0, 0), (1, 0.3, 0), (0, 0, 1.0))
    )
    right, wrong = torch.stack([red, pink, blue])[:, None], torch.stack([red, blue, pink])[:, None]
    network = torch.nn.Sequential(torch.nn.AvgPool2d(64), torch.nn.Flatten())

    assert triplet_loss(network, right) < triplet_loss(network, wrong)

"""Batches of scenes continue where they stopped; the buffer forgets the oldest."""

import torch

from budgetfusion.scenes.captions import is_for_training
from budgetfusion.scenes.training.batches import RotatingBuffer, SceneBatches, sample_captions


def test_scenes_are_pictures_about_zero_with_captions() -> None:
    """Pixels lie in -1..1."""
    batch = SceneBatches(0).draw(5)

    assert batch.pixels.shape == (5, 3, 64, 64)
    assert len(batch.captions) == 5
    assert -1 <= batch.pixels.min() < 0 < batch.pixels.max() <= 1


def test_no_scene_is_of_a_held_out_composition() -> None:
    """Neither drawn nor only arranged."""
    batches = SceneBatches(0)
    arranged = batches.arranged(300)

    assert all(is_for_training(scene) for scene, _ in arranged)
    assert all(len(things) == scene.num_objects for scene, things in arranged)


def test_crops_have_the_size_asked_for() -> None:
    """Also an odd number of them."""
    assert SceneBatches(0).crops(5, 32).shape == (5, 3, 32, 32)


def test_a_state_continues_the_same_scenes() -> None:
    """Whatever the seed of the generator that takes it over."""
    first, second = SceneBatches(0), SceneBatches(1)
    first.draw(3)
    second.load_state_dict(first.state_dict())

    torch.testing.assert_close(first.draw(2).pixels, second.draw(2).pixels, rtol=0, atol=0)


def test_captions_are_decided_by_the_seed() -> None:
    """Without drawing anything."""
    assert sample_captions(10, 3) == sample_captions(10, 3) != sample_captions(10, 4)


def test_new_scenes_take_the_place_of_the_oldest() -> None:
    """A buffer of three, after five: the last three are held, each with its own caption."""
    buffer = RotatingBuffer(3)
    for number in range(5):
        buffer.add(torch.full((1, 2, 4, 4), float(number)), torch.full((1, 7), number))
    latents, tokens = buffer.pick(100, torch.Generator().manual_seed(0))

    assert set(tokens[:, 0].tolist()) == {2, 3, 4}
    torch.testing.assert_close(latents[:, 0, 0, 0], tokens[:, 0].float())


def test_a_buffer_that_is_not_full_picks_what_it_has() -> None:
    """No empty place is picked."""
    buffer = RotatingBuffer(10)
    buffer.add(torch.ones(2, 1, 4, 4), torch.ones(2, 7, dtype=torch.long))

    assert buffer.pick(50, torch.Generator().manual_seed(0))[1].unique().tolist() == [1]

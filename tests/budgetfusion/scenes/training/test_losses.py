"""What the networks are asked for."""

import random

import pytest
import torch

from budgetfusion.scenes.draw import Thing
from budgetfusion.scenes.grammar import COLOURS, PREPOSITIONS, SHAPES, Scene
from budgetfusion.scenes.training.clip import contrastive_loss
from budgetfusion.scenes.training.maps import Maps, draw_maps, maps_loss
from budgetfusion.scenes.training.negatives import swap_word
from budgetfusion.scenes.training.noise import Noise
from budgetfusion.scenes.training.settings import FULL, SMOKE
from budgetfusion.scenes.training.vae import build_vae, reconstruction_loss


def test_velocity_and_noised_latents_give_the_latents_back() -> None:
    """x0 = sqrt(a) x_t - sqrt(1 - a) v, at every level of noise."""
    noise, rng = Noise(), torch.Generator().manual_seed(0)
    latents, eps = (torch.randn(1000, 2, 4, 4, generator=rng) for _ in range(2))
    timesteps = torch.arange(1000)
    noised, velocity = noise.mix(latents, eps, timesteps)
    signal = noise.signal.view(-1, 1, 1, 1)

    torch.testing.assert_close(signal.sqrt() * noised - (1 - signal).sqrt() * velocity, latents, atol=1e-4, rtol=0)


def test_timesteps_are_uniform_in_part_and_else_where_shapes_form() -> None:
    """All lie in 0..999; half of those that are not uniform have a log sigma below 0.4."""
    noise, rng = Noise(), torch.Generator().manual_seed(0)
    timesteps = noise.timesteps(20_000, FULL.unet, rng)
    below = (noise.log_sigma[timesteps] < FULL.unet.log_sigma_mean).float().mean().item()
    uniform = (noise.log_sigma < FULL.unet.log_sigma_mean).float().mean().item()

    assert 0 <= timesteps.min() < timesteps.max() <= 999
    assert below == pytest.approx(0.25 * uniform + 0.75 * 0.5, abs=0.02)


def test_pairs_with_one_caption_are_not_each_others_negatives() -> None:
    """Logits between duplicates change nothing; between others they do."""
    logits = torch.tensor([[5.0, 9.0, 0.0], [9.0, 5.0, 0.0], [0.0, 0.0, 5.0]])
    calm = torch.tensor([[5.0, -9.0, 0.0], [-9.0, 5.0, 0.0], [0.0, 0.0, 5.0]])

    wrong = torch.full((3, 3), -5.0)
    both, neither = torch.cat([logits, wrong]), torch.cat([calm, wrong])

    assert contrastive_loss(both, ["a", "a", "b"], list("xyz")) == contrastive_loss(
        neither, ["a", "a", "b"], list("xyz")
    )
    assert contrastive_loss(both, ["a", "c", "b"], list("xyz")) > contrastive_loss(
        neither, ["a", "c", "b"], list("xyz")
    )


def test_a_caption_with_a_wrong_word_is_a_negative() -> None:
    """Unless it could not be made wrong, when it counts as the caption itself."""
    logits, tempting = torch.eye(2) * 5, torch.cat([torch.eye(2) * 5, torch.eye(2) * 9])
    calm = torch.cat([logits, torch.eye(2) * -9])

    assert contrastive_loss(tempting, ["a", "b"], ["x", "y"]) > contrastive_loss(calm, ["a", "b"], ["x", "y"])
    assert contrastive_loss(tempting, ["a", "b"], ["a", "b"]) == contrastive_loss(calm, ["a", "b"], ["a", "b"])


def test_one_word_of_a_wrong_caption_is_another_of_its_kind() -> None:
    """A colour for a colour, a plural for a plural; the rest stays."""
    rng = random.Random(0)  # noqa: S311 -- nothing secret is drawn
    swapped = {swap_word("two red balls above a star", rng) for _ in range(500)}

    assert "two red balls below a star" in swapped
    assert {"two red boxes above a star", "two pink balls above a star", "eight red balls above a star"} <= swapped
    assert all(
        sum(a != b for a, b in zip(one.split(), ["two", "red", "balls", "above", "a", "star"], strict=True)) == 1
        for one in swapped
    )
    assert swap_word("an empty sky", rng) == "an empty sky"


def test_the_reconstruction_loss_reaches_every_weight() -> None:
    """The noise of the latents comes from the generator alone."""
    vae = build_vae(SMOKE.vae)
    pixels = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    first, second = (
        reconstruction_loss(vae, pixels, SMOKE.vae, torch.Generator().manual_seed(seed)) for seed in (1, 1)
    )
    first.backward()

    assert first.item() == second.item()
    assert [name for name, weight in vae.named_parameters() if weight.grad is None] == []


def test_maps_say_what_stands_in_each_cell() -> None:
    """A box of half the side, in the middle, covers four by four of eight by eight cells; the last thing is on top."""
    scene = Scene("a caption", "sky", "blue")
    things = [
        Thing(shape, colour, (0, 0, 0), 0.5, 0.5, side)
        for shape, colour, side in (("box", "red", 0.5), ("cup", "pink", 0.2))
    ]
    maps = draw_maps([(scene, things)])
    shapes, colours = maps.shapes.view(8, 8), maps.colours.view(8, 8)
    box, cup = 1 + SHAPES.index("box"), 1 + SHAPES.index("cup")

    assert ((shapes == box).sum().item(), (shapes == cup).sum().item(), (shapes == 0).sum().item()) == (12, 4, 48)
    assert shapes[3:5, 3:5].unique().tolist() == [cup]
    assert colours[2, 2].item() == 1 + list(COLOURS).index("red")
    assert maps.background.item() == list(PREPOSITIONS).index("sky")
    assert maps.background_colour.item() == 1 + list(COLOURS).index("blue")


def test_the_loss_of_maps_is_small_where_the_reader_is_right() -> None:
    """Right and certain, it is 0."""
    drawn = draw_maps([(Scene("a caption", "sky", None), [])])
    sizes = (1 + len(SHAPES), 1 + len(COLOURS), len(PREPOSITIONS), 1 + len(COLOURS))
    numbers = (drawn.shapes, drawn.colours, drawn.background, drawn.background_colour)
    right = [torch.nn.functional.one_hot(part, size) * 50.0 for part, size in zip(numbers, sizes, strict=True)]

    assert maps_loss(Maps(*right), drawn).item() == pytest.approx(0, abs=1e-6)
    assert maps_loss(Maps(*(-logits for logits in right)), drawn).item() > 100

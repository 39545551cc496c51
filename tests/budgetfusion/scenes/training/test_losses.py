"""What the networks are asked for."""

import pytest
import torch

from budgetfusion.scenes.grammar import vocabulary
from budgetfusion.scenes.training.clip import contrastive_loss
from budgetfusion.scenes.training.noise import Noise
from budgetfusion.scenes.training.settings import FULL, SMOKE
from budgetfusion.scenes.training.text import SHAPE_WORDS
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

    assert contrastive_loss(logits, ["a", "a", "b"]) == contrastive_loss(calm, ["a", "a", "b"])
    assert contrastive_loss(logits, ["a", "c", "b"]) > contrastive_loss(calm, ["a", "c", "b"])


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


def test_the_boosted_words_are_words_of_captions() -> None:
    """Singulars and plurals, sixteen of each."""
    assert [len(words) for words in SHAPE_WORDS] == [16, 16]
    assert {word for words in SHAPE_WORDS for word in words} <= vocabulary()

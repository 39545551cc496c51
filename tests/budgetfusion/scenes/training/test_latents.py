"""Standardising and pruning change the latents, not the pictures."""

from typing import Any

import pytest
import torch

from budgetfusion.scenes.training.batches import SceneBatches
from budgetfusion.scenes.training.latents import encode_means, posterior_stds, prune, standardise
from budgetfusion.scenes.training.settings import SMOKE
from budgetfusion.scenes.training.vae import build_vae


@pytest.fixture
def pixels() -> torch.Tensor:
    """A few scenes."""
    return SceneBatches(3).draw(8).pixels


@pytest.fixture
def vae(pixels: torch.Tensor) -> Any:
    """An untrained autoencoder with standard latents."""
    vae = build_vae(SMOKE.vae).eval()
    standardise(vae, pixels)
    return vae


@torch.no_grad()
def test_standardised_latents_have_mean_0_and_deviation_1(pixels: torch.Tensor) -> None:
    """And decode to the same pictures as before."""
    vae = build_vae(SMOKE.vae).eval()
    before = vae.decode(encode_means(vae, pixels)).sample
    standardise(vae, pixels)
    latents = encode_means(vae, pixels)

    torch.testing.assert_close(latents.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(vae.decode(latents).sample, before, atol=1e-4, rtol=0)


@torch.no_grad()
def test_a_collapsed_channel_goes_and_the_others_stay(vae: Any, pixels: torch.Tensor) -> None:
    """The kept latents are the old ones; away from the border the picture is that of the dropped channel's mean."""
    vae.quant_conv.bias[4 + 1] += 20  # the log variance of channel 1
    kept = [0, 2, 3]
    limit = posterior_stds(vae, pixels)[kept].max().item() + 1e-3
    pruned = prune(vae, pixels, limit)
    old = encode_means(vae, pixels)
    new = encode_means(pruned, pixels)
    old_noise, new_noise = posterior_stds(vae, pixels), posterior_stds(pruned, pixels)
    old[:, 1] = 0
    first_of = {"old": vae.post_quant_conv(old), "new": pruned.post_quant_conv(new)}
    inside = vae.decoder.conv_in(first_of["old"])[..., 1:-1, 1:-1]

    assert pruned.config.latent_channels == 3
    torch.testing.assert_close(new, old[:, kept], atol=1e-4, rtol=0)
    torch.testing.assert_close(new_noise, old_noise[kept], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(pruned.decoder.conv_in(first_of["new"])[..., 1:-1, 1:-1], inside, atol=1e-4, rtol=0)


def test_one_channel_always_stays(vae: Any, pixels: torch.Tensor) -> None:
    """Even if all of them are noise."""
    assert prune(vae, pixels, limit=0.0).config.latent_channels == 1

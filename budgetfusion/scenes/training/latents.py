"""The latents of a trained autoencoder: their scale, and which of them say anything."""

from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor

_BATCH = 64


@torch.no_grad()
def encode_means(vae: Any, pixels: Tensor) -> Tensor:
    """Return the means of the latents' posteriors, shape (batch, channels, 16, 16), of pictures -1..1."""
    means = [vae.encode(part).latent_dist.mode() for part in pixels.split(_BATCH)]
    return torch.cat(means)


@torch.no_grad()
def posterior_stds(vae: Any, pixels: Tensor) -> Tensor:
    """Return the mean standard deviation of each channel's posterior, shape (channels,)."""
    stds = [vae.encode(part).latent_dist.std.mean(dim=(0, 2, 3)) for part in pixels.split(_BATCH)]
    return torch.stack(stds).mean(dim=0)


@torch.no_grad()
def standardise(vae: Any, pixels: Tensor) -> None:
    """Give every latent channel mean 0 and deviation 1 over these pictures, in place; decoded pictures stay the same.

    A Stable Diffusion pipeline knows one scaling factor for all channels; the exact scale of each is folded into the
    1 x 1 convolutions around the latents, and the factor is 1.

    Args:
        vae: The autoencoder.
        pixels: Shape (batch, 3, side, side), -1..1.
    """
    latents = encode_means(vae, pixels)
    mean, std = latents.mean(dim=(0, 2, 3)), latents.std(dim=(0, 2, 3))
    channels, before, after = len(mean), vae.quant_conv, vae.post_quant_conv
    before.weight[:channels] /= std.view(-1, 1, 1, 1)
    before.bias[:channels] = (before.bias[:channels] - mean) / std
    before.bias[channels:] -= 2 * std.log()  # the second half are log variances
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= std.view(1, -1, 1, 1)


@torch.no_grad()
def prune(vae: Any, pixels: Tensor, limit: float) -> Any:
    """Return an autoencoder without the channels whose posterior is wide: noise that a denoiser would have to model.

    The dropped channels have mean 0, so leaving them out is what decoding their mean was. Decoded pictures are the
    same but for the border, where the bias of a dropped 1 x 1 convolution met the zero padding of the next.

    Args:
        vae: A standardised autoencoder.
        pixels: Shape (batch, 3, side, side), -1..1.
        limit: Widest posterior deviation that is kept; the narrowest channel always is.
    """
    stds = posterior_stds(vae, pixels)
    kept = torch.nonzero(stds <= max(limit, float(stds.min()))).flatten()
    pruned = AutoencoderKL.from_config({**vae.config, "latent_channels": len(kept)}).eval().to(pixels.device)
    old, new = vae.state_dict(), pruned.state_dict()
    state = {name: old[name] if old[name].shape == new[name].shape else new[name] for name in new}
    state |= _encoder_side(old, kept, vae.config.latent_channels) | _decoder_side(old, kept)
    pruned.load_state_dict(state)
    return pruned


def _encoder_side(old: dict[str, Tensor], kept: Tensor, channels: int) -> dict[str, Tensor]:
    """Fold the 1 x 1 convolution into the one before it, for the kept means and log variances."""
    rows = torch.cat([kept, channels + kept])
    mix = old["quant_conv.weight"][rows, :, 0, 0]
    return {
        "encoder.conv_out.weight": torch.einsum("oc,cihw->oihw", mix, old["encoder.conv_out.weight"]),
        "encoder.conv_out.bias": mix @ old["encoder.conv_out.bias"] + old["quant_conv.bias"][rows],
        "quant_conv.weight": torch.eye(len(rows), device=mix.device)[:, :, None, None],
        "quant_conv.bias": torch.zeros(len(rows), device=mix.device),
    }


def _decoder_side(old: dict[str, Tensor], kept: Tensor) -> dict[str, Tensor]:
    """Fold the 1 x 1 convolution into the one after it; a bias before the padding is fitted to the old one's effect."""
    weight, bias = old["decoder.conv_in.weight"], old["post_quant_conv.bias"]
    mix = old["post_quant_conv.weight"][:, kept, 0, 0]
    folded = torch.einsum("ochw,ck->okhw", weight, mix)
    effect = torch.einsum("ochw,c->ohw", weight, bias).flatten()
    # on the CPU, where the solver also takes matrices without full rank
    matrix = folded.permute(0, 2, 3, 1).reshape(-1, len(kept)).cpu()
    shift = torch.linalg.lstsq(matrix, effect.cpu()[:, None], driver="gelsd").solution[:, 0].to(weight.device)
    rest = torch.einsum("ochw,c->o", weight, bias - mix @ shift)
    return {
        "decoder.conv_in.weight": folded,
        "decoder.conv_in.bias": old["decoder.conv_in.bias"] + rest,
        "post_quant_conv.weight": torch.eye(len(kept), device=weight.device)[:, :, None, None],
        "post_quant_conv.bias": shift,
    }

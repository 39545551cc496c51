"""Pictures spoilt a little, as an autoencoder and a denoiser spoil them, so that a judge forgives it."""

import torch
import torch.nn.functional as F
from torch import Tensor

_NOISE = 0.06  # deviation of the strongest noise, where the picture's range is 2
_COARSEST = 24  # pixels: the picture is made smaller by at most 64 / 24 and enlarged again
_TINT = 0.12  # largest shift of a colour channel
_CONTRAST = 0.12  # largest change of contrast
_CHROMA = torch.tensor([[0.299, 0.587, 0.114]])  # ITU-R BT.601


def degrade(pixels: Tensor, rng: torch.Generator, strength: float = 1.0) -> Tensor:
    """Blur pictures, blur their colours more, shift their colours, and add noise, fine and in blotches.

    Every picture has its own amounts, from none to the largest.

    Args:
        pixels: Shape (batch, 3, side, side), -1..1, on the CPU.
        rng: Where the amounts and the noise come from.
        strength: Multiplies the largest amounts.

    Returns:
        The same shape, -1..1.
    """
    side = pixels.shape[-1]
    spoilt = _mixed(pixels, _blurred(pixels, rng), _amounts(pixels, rng, strength))
    colours = spoilt - _luma(spoilt)
    coarse = F.interpolate(F.avg_pool2d(colours, 4), (side, side), mode="bilinear")
    spoilt = _luma(spoilt) + _mixed(colours, coarse, _amounts(pixels, rng, strength))
    tint = (torch.rand(len(pixels), 3, 1, 1, generator=rng) * 2 - 1) * _TINT * strength
    contrast = 1 + (torch.rand(len(pixels), 1, 1, 1, generator=rng) * 2 - 1) * _CONTRAST * strength
    fine = torch.randn(pixels.shape, generator=rng)
    blotches = torch.randn(len(pixels), 3, side // 8, side // 8, generator=rng)
    noise = fine + F.interpolate(blotches, (side, side), mode="bilinear")
    return (spoilt * contrast + tint + noise * _NOISE * _amounts(pixels, rng, strength)).clamp(-1, 1)


def _amounts(pixels: Tensor, rng: torch.Generator, strength: float) -> Tensor:
    """Draw one amount for each picture, many of them small."""
    return strength * torch.rand(len(pixels), 1, 1, 1, generator=rng).square()


def _mixed(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    return torch.lerp(first, second, share.clamp(max=1))


def _luma(pixels: Tensor) -> Tensor:
    return torch.einsum("bchw,oc->bohw", pixels, _CHROMA)


def _blurred(pixels: Tensor, rng: torch.Generator) -> Tensor:
    """Make all pictures smaller and larger again, by a factor of this batch."""
    side = pixels.shape[-1]
    small = int(torch.randint(_COARSEST, side, (1,), generator=rng))
    reduced = F.interpolate(pixels, (small, small), mode="bilinear", antialias=True)
    return F.interpolate(reduced, (side, side), mode="bicubic")

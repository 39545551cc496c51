"""DeepCache: the deep features of a UNet, computed in every few steps and used again in those between.

Neighbouring steps differ little in what the deep layers say. A full step keeps the features that enter the last layers
of the way up; a shallow one computes only the first layers down and these last ones, and between them takes what the
last full step kept.

Source:
    Ma, Fang and Wang, arXiv:2312.00858, section 3.2, with a uniform interval.
"""

from dataclasses import dataclass
from typing import Any

import torch

from budgetfusion.baselines import layers
from budgetfusion.baselines.errors import DenoiserUnsupportedError
from budgetfusion.baselines.layers import Layer
from budgetfusion.diffusion.slots import Denoiser


@dataclass(frozen=True)
class DeepCache:
    """Features to use again, for `Engine(..., reuse=DeepCache())`.

    Attributes:
        interval: One step in so many is full, the first of each image among them; 1 approximates nothing.
        branch: Layers on the way down that a shallow step computes; 0 is the cheapest, with one layer of the way up.
            For UNets of two layers in a block these are the `DeepCache` package's branches.
    """

    interval: int = 3
    branch: int = 0

    def full_steps(self, num_steps: int) -> int:
        """Return how many of an image's steps are full."""
        return -(-num_steps // self.interval)

    def shape(self, unet: Any, latents: tuple[int, int, int]) -> tuple[int, ...]:
        """Return the shape of what one row keeps: channels, height, width.

        Raises:
            DenoiserUnsupportedError: If the UNet is not built of Stable Diffusion's blocks, or not as deep as `branch`.
        """
        layers.check(unet, "DeepCache", *latents[1:])
        if self.branch >= (depth := len(layers.up(unet))):
            raise DenoiserUnsupportedError("DeepCache", f"branch {self.branch}", f"one of 0..{depth - 1}")
        with torch.device("meta"), torch.no_grad():  # shapes only
            twin = type(unet).from_config(unet.config)
            text = torch.empty(1, 1, twin.config.encoder_hid_dim or twin.config.cross_attention_dim)
            heard = layers.heard(twin, x := torch.empty(1, *latents), torch.zeros(1), text)
            _, hidden = _deep(twin, self.branch, x, *heard)
        return tuple(hidden.shape[1:])

    def denoiser(self, unet: Any, kept: torch.Tensor, *, is_full: bool) -> Denoiser:
        """Return the UNet of a full step, which writes to `kept`, or of a shallow one, which reads there."""

        def denoise(
            x: torch.Tensor, t: torch.Tensor, *, encoder_hidden_states: torch.Tensor, return_dict: bool = False
        ) -> tuple[torch.Tensor]:
            heard = layers.heard(unet, x, t, encoder_hidden_states)
            if is_full:
                skips, hidden = _deep(unet, self.branch, x, *heard)
                kept.copy_(hidden)
            else:
                skips = _descend(layers.down(unet)[: self.branch], layers.enter(unet, x), *heard)
            return (layers.leave(unet, _ascend(layers.up(unet)[-self.branch - 1 :], skips, kept, *heard)),)

        return denoise


def _deep(
    unet: Any, branch: int, x: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor
) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Return the first skips, and the features that enter the last `branch` + 1 layers on the way up."""
    skips = _descend(layers.down(unet), layers.enter(unet, x), embedding, text)
    hidden = layers.middle(unet)(skips[-1], embedding, text)
    ups = layers.up(unet)
    deep = len(ups) - branch - 1
    return skips, _ascend(ups[:deep], skips, hidden, embedding, text)


def _descend(
    downs: list[Layer], hidden: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor
) -> list[torch.Tensor]:
    skips = [hidden]
    for layer in downs:
        skips.append(layer(skips[-1], embedding, text))
    return skips


def _ascend(
    ups: list[Layer], skips: list[torch.Tensor], hidden: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor
) -> torch.Tensor:
    """Return the output of some layers on the way up; they use up the last skips."""
    for layer in ups:
        hidden = layer(torch.cat([hidden, skips.pop()], dim=1), embedding, text)
    return hidden

"""A Stable Diffusion UNet layer by layer: the same operations in the same order as its own forward."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from budgetfusion.baselines.errors import DenoiserUnsupportedError

Layer = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""Hidden states (rows, channels, h, w), timestep embedding (rows, width) and text (rows, tokens, width) to new ones."""

_BLOCKS = (
    "DownBlock2D",
    "CrossAttnDownBlock2D",
    "UNetMidBlock2D",
    "UNetMidBlock2DCrossAttn",
    "UpBlock2D",
    "CrossAttnUpBlock2D",
)


def need_unet(pipe: Any, baseline: str) -> None:
    """Say that a pipeline has no UNet, if it has none.

    Raises:
        DenoiserUnsupportedError: If a transformer denoises, which follows a flow and knows no other schedulers.
    """
    if not hasattr(pipe, "unet"):
        raise DenoiserUnsupportedError(baseline, f"a {type(pipe.transformer).__name__}", "a UNet")


def check(unet: Any, baseline: str, height: int, width: int) -> None:
    """Say why a UNet cannot be taken apart.

    Args:
        unet: A diffusers UNet.
        baseline: Who asks.
        height: Of the latents.
        width: Of the latents.

    Raises:
        DenoiserUnsupportedError: If a block is none of Stable Diffusion's, or a size cannot be halved evenly.
    """
    if unet.config.get("addition_embed_type") == "text_time":
        raise DenoiserUnsupportedError(baseline, "one that hears pooled text and the image's size", "one of one text")
    for block in [*unet.down_blocks, unet.mid_block, *unet.up_blocks]:
        if type(block).__name__ not in _BLOCKS:
            raise DenoiserUnsupportedError(baseline, f"a {type(block).__name__}", " or ".join(_BLOCKS))
    multiple = 2**unet.num_upsamplers
    if height % multiple or width % multiple:
        raise DenoiserUnsupportedError(baseline, f"latents of {height} x {width}", f"multiples of {multiple}")


def heard(unet: Any, x: torch.Tensor, t: torch.Tensor, text: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what every layer hears: the timestep (rows, width), into which some UNets mix the text, and the text."""
    embedding = unet.time_embedding(unet.get_time_embed(sample=x, timestep=t), None)
    added = unet.get_aug_embed(emb=embedding, encoder_hidden_states=text, added_cond_kwargs={})
    embedding = embedding if added is None else embedding + added
    if unet.time_embed_act is not None:
        embedding = unet.time_embed_act(embedding)
    return embedding, unet.process_encoder_hidden_states(text, {})


def enter(unet: Any, x: torch.Tensor) -> torch.Tensor:
    """Return the first skip, of the latents (rows, channels, h, w)."""
    found: torch.Tensor = unet.conv_in(2 * x - 1.0 if unet.config.center_input_sample else x)
    return found


def down(unet: Any) -> list[Layer]:
    """Return the layers on the way down; the output of each is a skip."""
    found: list[Layer] = []
    for block in unet.down_blocks:
        found += _resnets(block)
        found += [partial(_resample, downsampler) for downsampler in block.downsamplers or []]
    return found


def middle(unet: Any) -> Layer:
    """Return the middle block as one layer."""
    return partial(_middle, unet.mid_block)


def up(unet: Any) -> list[Layer]:
    """Return the layers on the way up; each takes the hidden states with one skip behind their channels."""
    found: list[Layer] = []
    for block in unet.up_blocks:
        found += _resnets(block)
        for upsampler in block.upsamplers or []:
            found[-1] = partial(_both, found[-1], partial(_resample, upsampler))
    return found


def leave(unet: Any, hidden: torch.Tensor) -> torch.Tensor:
    """Return the prediction, of the last layer's output."""
    if unet.conv_norm_out:
        hidden = unet.conv_act(unet.conv_norm_out(hidden))
    predicted: torch.Tensor = unet.conv_out(hidden)
    return predicted


def _resnets(block: Any) -> list[Layer]:
    attentions = getattr(block, "attentions", None) or [None] * len(block.resnets)
    return [partial(_resnet, *pair) for pair in zip(block.resnets, attentions, strict=True)]


def _resnet(
    resnet: Any, attention: Any, hidden: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor
) -> torch.Tensor:
    found: torch.Tensor = resnet(hidden, embedding)
    return found if attention is None else attention(found, encoder_hidden_states=text, return_dict=False)[0]


def _middle(block: Any, hidden: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    more = {"encoder_hidden_states": text} if getattr(block, "has_cross_attention", False) else {}
    found: torch.Tensor = block(hidden, embedding, **more)
    return found


def _resample(sampler: Any, hidden: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = sampler(hidden)
    return found


def _both(
    first: Layer, second: Layer, hidden: torch.Tensor, embedding: torch.Tensor, text: torch.Tensor
) -> torch.Tensor:
    return second(first(hidden, embedding, text), embedding, text)

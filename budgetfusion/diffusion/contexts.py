"""What the denoiser hears of a prompt, encoded once."""

from functools import lru_cache
from typing import Any

import torch

from budgetfusion.diffusion.errors import PipelineUnsupportedError

KEPT = 256
"""Prompts whose encodings are kept; 0.3 MB each for a text encoder of 77 tokens and 1024 numbers in float32."""


class Contexts:
    """The text encodings of a pipeline, one prompt at a time so that none depends on its neighbours.

    Args:
        pipe: A pipeline whose `encode_prompt` is that of diffusers' StableDiffusionPipeline.
        device: Where the encodings lie.
        dtype: Of the encodings: the denoiser's.

    Raises:
        PipelineUnsupportedError: If the pipeline's denoiser needs more than one text.
    """

    def __init__(self, pipe: Any, device: torch.device, dtype: torch.dtype) -> None:
        check(pipe)
        self._pipe, self._device, self._dtype = pipe, device, dtype
        self.of = lru_cache(maxsize=KEPT)(self._encode)

    def rows(self, prompt: str, rows: int) -> torch.Tensor:
        """Return what one image's rows hear, shape (rows, tokens, width): first no text, if there are two."""
        every = [""] * (rows - 1) + [prompt]
        return torch.stack([self.of(text) for text in every])

    def _encode(self, prompt: str) -> torch.Tensor:
        encoded, _ = self._pipe.encode_prompt(prompt, self._device, 1, False)
        context: torch.Tensor = encoded[0].to(self._dtype)
        return context


def check(pipe: Any) -> None:
    """Say why a pipeline cannot run in slots.

    Raises:
        PipelineUnsupportedError: If it has no UNet, or one that wants more than latents, a timestep and one text.
    """
    name, unet = type(pipe).__name__, getattr(pipe, "unet", None)
    if unet is None:
        raise PipelineUnsupportedError(name, "it has no UNet")
    wanted = {
        "addition_embed_type": ("text_time", "image", "text_image", "image_hint"),
        "encoder_hid_dim_type": ("image_proj", "text_image_proj", "ip_image_proj"),
    }
    for key, values in wanted.items():
        if unet.config.get(key) in values:
            raise PipelineUnsupportedError(name, f"its UNet has {key} '{unet.config[key]}'")
    if unet.config.get("time_cond_proj_dim") is not None:
        raise PipelineUnsupportedError(name, "its UNet is told the guidance scale (a distilled model)")

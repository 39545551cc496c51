"""What an image costs: floating-point operations, counted and not estimated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

_ATTENTION = ("bmm", "scaled_dot_product")


@dataclass(frozen=True)
class FlopCount:
    """Operations of a pipeline, in TFLOP (1e12; a multiply-add is two).

    `step` is one denoising step (with classifier-free guidance two rows of the denoiser), `step_attention` the share of
    the two attention products in it; `decode` is one decoding of the latents; `text` encodes prompt and, for guidance,
    no prompt.
    """

    step: float
    step_attention: float
    decode: float
    text: float

    @property
    def step_without_attention(self) -> float:
        """What counters report that do not see fused attention, such as thop and calflops (the paper's 3.04 T)."""
        return self.step - self.step_attention

    def image(self, num_steps: int) -> float:
        """Return the TFLOP of one image made with `num_steps` steps."""
        return num_steps * self.step + self.decode + self.text

    def most_steps(self, tflop: float, images: int) -> int:
        """Return how many steps `tflop` pays for, over all of so many images; below 1 it does not pay for these."""
        return int((tflop - images * (self.decode + self.text)) / self.step + 1e-9)


def count_flops(pipe: Any, height: int, width: int, *, rows: int = 2) -> FlopCount:
    """Count the operations of a Stable-Diffusion-like pipeline without running it (shapes only).

    Args:
        pipe: A diffusers pipeline with `unet`, `vae`, `text_encoder` and `tokenizer`, or `architectures.empty`.
        height: Of the image, pixels.
        width: Of the image, pixels.
        rows: Of the denoiser for one step: 2 with guidance, 1 without.

    Source:
        torch's FlopCounterMode on the meta device, where attention is not fused and so is counted. `flops` gives the
        same in closed form. The paper's figures (68, 67, 394 "TFLOPs") fit a counter that leaves attention out.
    """
    scale = pipe.vae_scale_factor
    latents = (pipe.unet.config.in_channels, height // scale, width // scale)
    tokens = pipe.tokenizer.model_max_length
    encoders = [e for e in (pipe.text_encoder, getattr(pipe, "text_encoder_2", None)) if e is not None]
    # with gradients: without them torch names some products with a weight 'bmm', as it names those of attention
    with torch.device("meta"), torch.enable_grad():
        unet = type(pipe.unet).from_config(pipe.unet.config)
        vae = type(pipe.vae).from_config(pipe.vae.config)
        empty = [type(encoder)(encoder.config) for encoder in encoders]
        text = torch.empty(1, tokens, pipe.unet.config.cross_attention_dim)
        row, attention = _count(lambda: unet(torch.empty(1, *latents), 1, text, **_added(unet, empty)))
        decode, _ = _count(lambda: vae.decode(torch.empty(1, *latents)))
        encode = sum(_count(partial(encoder, torch.zeros(1, tokens, dtype=torch.long)))[0] for encoder in empty)
    return FlopCount(rows * row / 1e12, rows * attention / 1e12, decode / 1e12, rows * encode / 1e12)


def _added(unet: Any, encoders: Sequence[Any]) -> dict[str, Any]:
    """Return what Stable Diffusion XL's UNet wants beside the text: its pooled form, and the image's size."""
    if unet.config.get("addition_embed_type") != "text_time":
        return {}
    pooled = torch.empty(1, encoders[-1].config.projection_dim)
    return {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": torch.zeros(1, 6)}}


def _count(run: Callable[[], object]) -> tuple[int, int]:
    with FlopCounterMode(display=False) as counter:
        run()
    by_operator = counter.get_flop_counts()["Global"]
    attention = sum(flops for name, flops in by_operator.items() if any(part in str(name) for part in _ATTENTION))
    return counter.get_total_flops(), attention

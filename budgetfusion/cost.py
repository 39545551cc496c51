"""What an image costs: floating-point operations, counted and not estimated."""

from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

_ATTENTION = ("bmm", "scaled_dot_product")


@dataclass(frozen=True)
class FlopCount:
    """Operations of a pipeline, in TFLOP (1e12; a multiply-add is two).

    `step` is one denoising step with classifier-free guidance (two passes of the denoiser), `step_attention` the share
    of the two attention products in it; `decode` is one decoding of the latents; `text` encodes prompt and no prompt.
    """

    step: float
    step_attention: float
    decode: float
    text: float

    def image(self, num_steps: int) -> float:
        """Return the TFLOP of one image made with `num_steps` steps."""
        return num_steps * self.step + self.decode + self.text


def count_flops(pipe: Any, height: int, width: int) -> FlopCount:
    """Count the operations of a Stable-Diffusion-like pipeline without running it (shapes only).

    Args:
        pipe: A diffusers pipeline with `unet`, `vae`, `text_encoder` and `tokenizer`.
        height: Of the image, pixels.
        width: Of the image, pixels.

    Source:
        torch's FlopCounterMode on the meta device. The paper's figures (68, 67, 394 "TFLOPs") fit a counter that
        leaves attention products out.
    """
    scale = pipe.vae_scale_factor
    latents = (pipe.unet.config.in_channels, height // scale, width // scale)
    tokens = pipe.tokenizer.model_max_length
    with torch.device("meta"), torch.inference_mode():
        unet = type(pipe.unet).from_config(pipe.unet.config)
        vae = type(pipe.vae).from_config(pipe.vae.config)
        encoder = type(pipe.text_encoder)(pipe.text_encoder.config)
        text = torch.empty(2, tokens, pipe.unet.config.cross_attention_dim)
        step, attention = _count(lambda: unet(torch.empty(2, *latents), 1, text))
        decode, _ = _count(lambda: vae.decode(torch.empty(1, *latents)))
        encode, _ = _count(lambda: encoder(torch.zeros(2, tokens, dtype=torch.long)))
    return FlopCount(step / 1e12, attention / 1e12, decode / 1e12, encode / 1e12)


def _count(run: Any) -> tuple[int, int]:
    with FlopCounterMode(display=False) as counter:
        run()
    by_operator = counter.get_flop_counts()["Global"]
    attention = sum(flops for name, flops in by_operator.items() if any(part in str(name) for part in _ATTENTION))
    return counter.get_total_flops(), attention

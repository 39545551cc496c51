"""What an image costs: floating-point operations, counted and not estimated."""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from budgetfusion.diffusion.denoisers import denoiser

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
    """Count the operations of a pipeline without running it (shapes only).

    Args:
        pipe: A diffusers pipeline of one of the kinds of `denoisers`, or `architectures.empty`.
        height: Of the image, pixels.
        width: Of the image, pixels.
        rows: Of the denoiser for one step: `denoisers.rows`.

    Source:
        torch's FlopCounterMode on the meta device, where attention is not fused and so is counted. `flops` gives the
        same in closed form. The paper's figures (68, 67, 394 "TFLOPs") fit a counter that leaves attention out.
    """
    name = denoiser(pipe, (width, height)).name
    network, blank = getattr(pipe, name), copy(pipe)
    # with gradients: without them torch names some products with a weight 'bmm', as it names those of attention
    with torch.device("meta"), torch.enable_grad():
        setattr(blank, name, type(network).from_config(network.config))
        asked = denoiser(blank, (width, height))
        vae = type(pipe.vae).from_config(pipe.vae.config)
        latents, heard = torch.empty(1, *asked.shape), torch.empty(1, *asked.context)
        ask = partial(asked.denoise, latents, torch.zeros(1), encoder_hidden_states=heard, return_dict=False)
        row, attention = _count(ask)
        decode, _ = _count(lambda: vae.decode(latents))
        encode = sum(_encoding(pipe, encoder, asked.tokens) for encoder in _encoders(pipe))
    return FlopCount(rows * row / 1e12, rows * attention / 1e12, decode / 1e12, rows * encode / 1e12)


def _encoders(pipe: Any) -> Iterator[Any]:
    for name in ("text_encoder", "text_encoder_2", "text_encoder_3"):
        if (encoder := getattr(pipe, name, None)) is not None:
            yield encoder


def _encoding(pipe: Any, encoder: Any, long: int) -> int:
    """Count the encoding of one text, which is longer for a T5 than for a CLIP."""
    tokens = long if type(encoder).__name__.startswith("T5") else pipe.tokenizer.model_max_length
    empty = type(encoder)(encoder.config)
    return _count(lambda: empty(torch.zeros(1, tokens, dtype=torch.long)))[0]


def _count(run: Callable[[], object]) -> tuple[int, int]:
    with FlopCounterMode(display=False) as counter:
        run()
    by_operator = counter.get_flop_counts()["Global"]
    attention = sum(flops for name, flops in by_operator.items() if any(part in str(name) for part in _ATTENTION))
    return counter.get_total_flops(), attention

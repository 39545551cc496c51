"""The text encoder of a diffusion model: what the predictor hears of a prompt."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


@torch.inference_mode()
def encode_text(pipe: Any, prompts: Sequence[str]) -> NDArray[np.float32]:
    """Return the pooled state of the pipeline's own text encoder; of several, the first, which is a CLIP in all kinds.

    Stable Diffusion 3 carries that state on by a projection, and the predictor hears the projected one.

    Args:
        pipe: A diffusers pipeline with `tokenizer` and `text_encoder`.
        prompts: At least one; longer ones than the encoder takes are cut, as the pipeline cuts them.

    Returns:
        Shape (prompts, width), each row of length sqrt(width), so that its numbers are of the size of one.
    """
    tokens = pipe.tokenizer(
        list(prompts),
        padding="max_length",
        max_length=pipe.tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    )
    encoder = pipe.text_encoder
    found = encoder(tokens.input_ids.to(encoder.device))
    pooled = found.text_embeds if _is_projected(encoder) else found.pooler_output
    unit = torch.nn.functional.normalize(pooled.float(), dim=-1)
    text: NDArray[np.float32] = (unit * unit.shape[-1] ** 0.5).cpu().numpy()
    return text


def text_width(pipe: Any) -> int:
    """Return how many numbers `encode_text` gives for a prompt."""
    config = pipe.text_encoder.config
    return int(config.projection_dim if _is_projected(pipe.text_encoder) else config.hidden_size)


def too_long(pipe: Any, prompts: Sequence[str]) -> list[str]:
    """Return the prompts of which the (first) text encoder hears only the beginning.

    Args:
        pipe: A diffusers pipeline with `tokenizer`.
        prompts: At least one.
    """
    most = pipe.tokenizer.model_max_length
    tokens = pipe.tokenizer(list(prompts), truncation=False, verbose=False).input_ids
    return [prompt for prompt, ids in zip(prompts, tokens, strict=True) if len(ids) > most]


def _is_projected(encoder: Any) -> bool:
    return type(encoder).__name__.endswith("WithProjection")

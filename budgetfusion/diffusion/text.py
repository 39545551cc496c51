"""The text encoder of a diffusion model: what the predictor hears of a prompt."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


@torch.inference_mode()
def encode_text(pipe: Any, prompts: Sequence[str]) -> NDArray[np.float32]:
    """Return the mean of the states of the pipeline's own text encoder; of several, the first, a CLIP in all kinds.

    The states of all positions are what the denoiser attends to, padding included. The pooled state is that of one
    position, which some denoisers never see, and which tells less where the encoder was not trained through it.

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
    states = pipe.text_encoder(tokens.input_ids.to(pipe.text_encoder.device)).last_hidden_state
    unit = torch.nn.functional.normalize(states.float().mean(dim=1), dim=-1)
    text: NDArray[np.float32] = (unit * unit.shape[-1] ** 0.5).cpu().numpy()
    return text


def text_width(pipe: Any) -> int:
    """Return how many numbers `encode_text` gives for a prompt."""
    return int(pipe.text_encoder.config.hidden_size)


def too_long(pipe: Any, prompts: Sequence[str]) -> list[str]:
    """Return the prompts of which the (first) text encoder hears only the beginning.

    Args:
        pipe: A diffusers pipeline with `tokenizer`.
        prompts: At least one.
    """
    most = pipe.tokenizer.model_max_length
    tokens = pipe.tokenizer(list(prompts), truncation=False, verbose=False).input_ids
    return [prompt for prompt, ids in zip(prompts, tokens, strict=True) if len(ids) > most]

"""Every message about a model says what was found, what was expected and what to do, and survives a process border."""

import pickle

import pytest

from budgetfusion.diffusion.errors import SizeUnevenError
from budgetfusion.diffusion.model_errors import (
    CheckpointUnknownError,
    PipelineUnknownError,
    StepDistilledError,
    TextEncoderMissingError,
    WeightsUnsafeError,
)
from budgetfusion.errors import BudgetFusionError

MESSAGES = [
    (
        PipelineUnknownError("m", "KolorsPipeline", ["FluxPipeline", "StableDiffusionPipeline"]),
        "Model 'm': found a KolorsPipeline, expected FluxPipeline or StableDiffusionPipeline. Give another model, or "
        "images made elsewhere to `budgetfusion stimuli import`.",
    ),
    (
        TextEncoderMissingError("m"),
        "Model 'm': found no text encoder and tokenizer, expected both, because the predictor hears a prompt through "
        "the model's own (of several, the first). Give a model that has them.",
    ),
    (
        WeightsUnsafeError("m/unet"),
        "m/unet: found weights as a pickle (.bin, .ckpt, .pt) alone, which may run any program when it is read, "
        "expected .safetensors. Load it with diffusers where you trust it, and pipe.save_pretrained(FOLDER) writes "
        "safetensors.",
    ),
    (
        CheckpointUnknownError("m.safetensors", "no tensor", ["sd1.5-512", "sd2-768"]),
        "m.safetensors: found no tensor in a single file, expected the weights of sd1.5-512 or sd2-768, whose "
        "configurations come with the program. Give a folder in diffusers' format.",
    ),
    (
        StepDistilledError("m", "it comes with LCMScheduler"),
        "Model 'm' is distilled to a few steps (it comes with LCMScheduler), expected one that takes as many as it is "
        "given: its curves say nothing about Eq. 7. Give the model that it was distilled from, or --distilled if you "
        "mean it.",
    ),
    (
        SizeUnevenError(500, 3, 8),
        "Size of the images: found 500 x 3 pixels, expected multiples of 8 for this model. Give width = 496 and "
        "height = 8.",
    ),
]


@pytest.mark.parametrize(("error", "message"), MESSAGES)
def test_a_message_helps(error: BudgetFusionError, message: str) -> None:
    """It is one line, from facts that are attributes."""
    assert str(error) == message
    assert str(pickle.loads(pickle.dumps(error))) == message  # noqa: S301 - our own

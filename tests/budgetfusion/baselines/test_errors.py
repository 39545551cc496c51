"""Every message says what was found, what was expected and what to do, and survives a process border."""

import pickle

import pytest

from budgetfusion.baselines.errors import BudgetUnmatchedError, DenoiserUnsupportedError, PatchesUnevenError
from budgetfusion.errors import BudgetFusionError

MESSAGES = [
    (
        BudgetUnmatchedError(2.5, 2.0, 1),
        "Budget of 2.5 TFLOP for 1 image(s): found 2 as the nearest mixture of adjacent step counts, expected one "
        "within 0.5 %. Give more prompts, or more steps.",
    ),
    (
        DenoiserUnsupportedError("DeepCache", "a ResnetDownsampleBlock2D", "DownBlock2D"),
        "DeepCache cannot run on this UNet: found a ResnetDownsampleBlock2D, expected DownBlock2D. Leave this baseline "
        "out, or give a model like Stable Diffusion's.",
    ),
    (
        PatchesUnevenError(3, 16, 6),
        "DistriFusion with 3 patches: found latents of 16 rows, expected a multiple of 6, so that every resolution of "
        "the UNet cuts evenly. Take fewer patches, or a taller image.",
    ),
]


@pytest.mark.parametrize(("error", "message"), MESSAGES)
def test_a_message_helps(error: BudgetFusionError, message: str) -> None:
    """The message is the whole help."""
    assert str(pickle.loads(pickle.dumps(error))) == message  # noqa: S301 - our own object

"""Do step counts found with one scheduler carry over to others? StepSaver says so of the seven that are here.

Some of them look back at earlier steps or ask the denoiser twice in a step, so they run through diffusers' own
pipeline, and what counts is how often the denoiser was asked.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    KDPM2DiscreteScheduler,
    UniPCMultistepScheduler,
)
from numpy.typing import NDArray

from budgetfusion.baselines.layers import need_unet
from budgetfusion.baselines.samplers import SAMPLERS
from budgetfusion.diffusion.pipeline import Model, generate

_LINSPACE = {"timestep_spacing": "linspace"}

SCHEDULERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "DDIM": (DDIMScheduler, SAMPLERS["DDIM"][1]),
    "EULER": (EulerDiscreteScheduler, _LINSPACE),
    "EULER-ANCESTRAL": (EulerAncestralDiscreteScheduler, _LINSPACE),
    "HEUN": (HeunDiscreteScheduler, _LINSPACE),
    "KDPM2": (KDPM2DiscreteScheduler, _LINSPACE),
    "UNIPC": (UniPCMultistepScheduler, _LINSPACE),
    "DPM++ 2M": (DPMSolverMultistepScheduler, _LINSPACE | {"algorithm_type": "dpmsolver++", "solver_order": 2}),
}
"""Each with the spacing that is its own default. Images of EULER-ANCESTRAL do not converge as steps are added, so that
no rule of convergence, StepSaver's among them, means anything for it."""

_TWICE = ("HEUN", "KDPM2")


@dataclass(frozen=True)
class Made:
    """Images, and what they cost.

    Attributes:
        pixels: RGB, shape (images, height, width, 3), 0..255.
        evaluations: How often the denoiser was asked about each image; Heun and KDPM2 ask twice in all steps but one.
    """

    pixels: NDArray[np.uint8]
    evaluations: int


def expected_evaluations(scheduler: str, num_steps: int) -> int:
    """Return how often a scheduler will ask the denoiser: second-order ones twice in all steps but one.

    Args:
        scheduler: One of `SCHEDULERS`.
        num_steps: Steps, at least 1.
    """
    return 2 * num_steps - 1 if scheduler in _TWICE else num_steps


def transfer(model: Model, scheduler: str, prompts: Sequence[str], seeds: Sequence[int], num_steps: int) -> Made:
    """Make images with another scheduler in one call of diffusers' pipeline, and count the denoiser's evaluations.

    Args:
        model: The loaded model; it is left alone.
        scheduler: One of `SCHEDULERS`.
        prompts: One for each image.
        seeds: One for each image.
        num_steps: Steps, at least 1; some schedulers want 2.
    """
    need_unet(model.pipe, scheduler)
    kind, settings = SCHEDULERS[scheduler]
    pipe = copy(model.pipe)
    pipe.scheduler = kind.from_config(model.pipe.scheduler.config, **settings)
    calls: list[None] = []
    hook = pipe.unet.register_forward_pre_hook(lambda unet, inputs: calls.append(None))
    try:
        pixels = generate(replace(model, pipe=pipe), prompts, seeds, num_steps)
    finally:
        hook.remove()
    return Made(pixels, len(calls))

"""Other samplers of the same model, as configurations of the engine."""

from copy import copy
from typing import Any

from diffusers import DDIMScheduler, EulerAncestralDiscreteScheduler

from budgetfusion.baselines.layers import need_unet

SAMPLERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "DDIM": (DDIMScheduler, {"timestep_spacing": "leading", "clip_sample": False, "set_alpha_to_one": False}),
    "DDIM-TRAILING": (DDIMScheduler, {"timestep_spacing": "trailing", "clip_sample": False, "set_alpha_to_one": False}),
    "EULER-ANCESTRAL": (EulerAncestralDiscreteScheduler, {"timestep_spacing": "linspace"}),
}
"""Scheduler and settings of each. DDIM is as Stable Diffusion ships it: its first timestep depends on the step count
(946 of 999 for 22 steps), a handicap that has nothing to do with the solver and that trailing spacing does not have.
Euler-ancestral adds noise in each step, so that its images do not converge as steps are added."""


def with_sampler(pipe: Any, name: str) -> Any:
    """Return a pipeline that shares all weights and has another sampler; the given one is left alone.

    Args:
        pipe: A diffusers pipeline.
        name: One of `SAMPLERS`.

    Raises:
        DenoiserUnsupportedError: If the model follows a flow, which these samplers do not know.
    """
    need_unet(pipe, name)
    kind, settings = SAMPLERS[name]
    other = copy(pipe)
    other.scheduler = kind.from_config(pipe.scheduler.config, **settings)
    return other

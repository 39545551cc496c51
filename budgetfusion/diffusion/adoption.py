"""A pipeline that somebody else loaded, named by the digest that it would have had from `pipeline.load`."""

from pathlib import Path
from typing import Any

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.denoisers import network
from budgetfusion.diffusion.errors import SchedulerMismatchError
from budgetfusion.diffusion.pipeline import Model, weights_digest
from budgetfusion.errors import ModelUnavailableError

_EULER, _FLOW = "EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler"
_WANTED = {"timestep_spacing": "linspace", "use_karras_sigmas": False, "use_exponential_sigmas": False}


def adopt(pipe: Any, guidance_scale: float = 7.5, revision: str | None = None) -> Model:
    """Return a pipeline as a model, with the digest of its files and settings.

    Args:
        pipe: A diffusers pipeline, or a modular one with its components loaded, that came from a folder or the hub.
        guidance_scale: As it will be called with.
        revision: Of the hub, if one was asked for.

    Raises:
        SchedulerMismatchError: If its scheduler is not the one that predictors are measured on: Euler with linspace
            spacing, or Euler of flow matching for a model that follows a flow.
        ModelUnavailableError: If it does not know where it came from.
    """
    denoiser = network(pipe)
    _check_scheduler(pipe.scheduler, _EULER if hasattr(pipe, "unet") else _FLOW)
    source = _source(denoiser)
    dtype: Any = str(denoiser.dtype).removeprefix("torch.")
    config = GenerationConfig(model=source, revision=revision, guidance_scale=guidance_scale, dtype=dtype)
    weights = weights_digest(source, pipe, revision)
    return Model(config, pipe, config.digest_for(weights), revision or weights[:12], str(denoiser.device))


def _check_scheduler(scheduler: Any, expected: str) -> None:
    found = type(scheduler).__name__
    if found != expected:
        raise SchedulerMismatchError(found, expected)
    if expected == _FLOW:
        return
    for key, wanted in _WANTED.items():
        if scheduler.config.get(key, wanted) != wanted:
            raise SchedulerMismatchError(f"{found} with {key}={scheduler.config[key]!r}")


def _source(denoiser: Any) -> str:
    """Return the folder or the hub id that a denoiser was loaded from."""
    path = Path(str(denoiser.config.get("_name_or_path") or ""))
    named = str(path.parent if path.name in ("unet", "transformer") else path)
    if named in ("", "."):
        raise ModelUnavailableError("this pipeline", "its denoiser does not say where it was loaded from")
    return named

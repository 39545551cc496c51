"""A pipeline that somebody else loaded, named by the digest that it would have had from `pipeline.load`."""

from pathlib import Path
from typing import Any

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.errors import SchedulerMismatchError
from budgetfusion.diffusion.pipeline import Model, weights_digest
from budgetfusion.errors import ModelUnavailableError

_SCHEDULER = "EulerDiscreteScheduler"
_WANTED = {"timestep_spacing": "linspace", "use_karras_sigmas": False, "use_exponential_sigmas": False}


def adopt(pipe: Any, guidance_scale: float = 7.5, revision: str | None = None) -> Model:
    """Return a pipeline as a model, with the digest of its files and settings.

    Args:
        pipe: A diffusers pipeline, or a modular one with its components loaded, that came from a folder or the hub.
        guidance_scale: As it will be called with.
        revision: Of the hub, if one was asked for.

    Raises:
        SchedulerMismatchError: If its scheduler is not Euler with linspace spacing, on which predictors are measured.
        ModelUnavailableError: If it does not know where it came from.
    """
    _check_scheduler(pipe.scheduler)
    source = _source(pipe)
    dtype: Any = str(pipe.unet.dtype).removeprefix("torch.")
    config = GenerationConfig(model=source, revision=revision, guidance_scale=guidance_scale, dtype=dtype)
    weights = weights_digest(source, pipe, revision)
    return Model(config, pipe, config.digest_for(weights), revision or weights[:12], str(pipe.unet.device))


def _check_scheduler(scheduler: Any) -> None:
    found = type(scheduler).__name__
    if found != _SCHEDULER:
        raise SchedulerMismatchError(found)
    for key, wanted in _WANTED.items():
        if scheduler.config.get(key, wanted) != wanted:
            raise SchedulerMismatchError(f"{found} with {key}={scheduler.config[key]!r}")


def _source(pipe: Any) -> str:
    """Return the folder or the hub id that the denoiser was loaded from."""
    path = Path(str(pipe.unet.config.get("_name_or_path") or ""))
    named = str(path.parent if path.name == "unet" else path)
    if named in ("", "."):
        raise ModelUnavailableError("this pipeline", "its denoiser does not say where it was loaded from")
    return named

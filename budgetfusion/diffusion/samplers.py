"""Samplers as tables: one row of coefficients for each denoising step, so that every image may have its own count.

A step of Euler, DDIM or Euler-ancestral is a fixed sum of the latents x, the model's output m and noise z,

    m = model(input_scale x, timestep),    x' = keep x + take m + stir z,

whose coefficients depend on the step alone. They are read once for each step count from diffusers' own scheduler and
combined in float64.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from diffusers import (
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from numpy.typing import NDArray

from budgetfusion.diffusion.errors import SchedulerUnsupportedError

COLUMNS = ("timestep", "input_scale", "keep", "take", "stir")
"""What a row of a schedule's table holds, in this order."""


@dataclass(frozen=True)
class Schedule:
    """All steps of one image.

    Attributes:
        table: Shape (steps, 5), columns as in `COLUMNS`.
        noise_scale: Standard deviation of the latents before the first step.
    """

    table: NDArray[np.float64]
    noise_scale: float

    @property
    def num_steps(self) -> int:
        """How often the denoiser is asked."""
        return len(self.table)

    @property
    def is_stochastic(self) -> bool:
        """Whether any step adds noise."""
        return bool(self.table[:, COLUMNS.index("stir")].any())

    @property
    def start(self) -> tuple[float, float, float]:
        """What the denoiser's first input depends on beside seed and text: timestep, input scale, noise scale."""
        return (float(self.table[0, 0]), float(self.table[0, 1]), self.noise_scale)


def schedule(
    scheduler: Any, num_steps: int, *, mu: float | None = None, sigmas: NDArray[np.float64] | None = None
) -> Schedule:
    """Return the table of a diffusers scheduler for one step count; the scheduler itself is left alone.

    Args:
        scheduler: One of diffusers' Euler, Euler-ancestral, DDIM (eta 0) or flow-matching Euler schedulers.
        num_steps: Denoising steps, at least 1. A scheduler may round it (trailing spacing does for some counts).
        mu: Of flow matching: how far the timesteps shift with the image's size, for schedulers that shift them so.
        sigmas: Of flow matching: noise before each step, shape (num_steps,), in place of the scheduler's own.

    Raises:
        SchedulerUnsupportedError: If its steps are no such sums, or a coefficient is not finite.

    Source:
        Karras et al., arXiv:2206.00364, algorithm 1 without churn (Euler) and k-diffusion's ancestral variant; Song et
        al., arXiv:2010.02502, equation 12 (DDIM); Lipman et al., arXiv:2210.02747 (flow matching).
    """
    own = type(scheduler).from_config(scheduler.config)
    make = _maker(own, is_shifted=mu is not None)
    given = {"mu": mu, "sigmas": sigmas}
    own.set_timesteps(num_steps, **{name: value for name, value in given.items() if value is not None})
    noise_scale = float(getattr(own, "init_noise_sigma", 1.0))
    with np.errstate(all="ignore"):  # what is not finite is refused below
        table = np.array(list(make(own)), dtype=np.float64)
    if not np.isfinite(table).all():
        raise SchedulerUnsupportedError(type(own).__name__, f"with {num_steps} steps a coefficient is not finite")
    return Schedule(table, noise_scale)


def starts_late(scheduler: Any, num_steps: int) -> bool:
    """Say whether so few steps begin with less noise than two do, so that there is nothing to make an image of.

    With linspace spacing a single step begins at timestep 0, at the end of all others; a flow always begins with noise
    alone.

    Args:
        scheduler: As for `schedule`.
        num_steps: Denoising steps, at least 1.
    """
    if type(scheduler) is FlowMatchEulerDiscreteScheduler:
        return False
    return schedule(scheduler, num_steps).start[0] < schedule(scheduler, 2).start[0]


def _maker(own: Any, *, is_shifted: bool) -> Any:
    """Return the function that makes the rows of this scheduler, or say why there is none."""
    name, config = type(own).__name__, own.config
    makers = {
        EulerDiscreteScheduler: _euler,
        EulerAncestralDiscreteScheduler: _ancestral,
        DDIMScheduler: _ddim,
        FlowMatchEulerDiscreteScheduler: _flow,
    }
    if type(own) not in makers:
        raise SchedulerUnsupportedError(name, "its steps are not written as a table")
    if config.get("clip_sample") or config.get("thresholding"):
        raise SchedulerUnsupportedError(name, "it clips or thresholds the predicted image, which is no fixed sum")
    if config.get("use_dynamic_shifting") and not is_shifted:
        raise SchedulerUnsupportedError(name, "its timesteps shift with the image's size")
    if config.get("prediction_type", "epsilon") not in ("epsilon", "v_prediction", "sample"):
        raise SchedulerUnsupportedError(name, f"prediction type '{config.prediction_type}' is unknown")
    return makers[type(own)]


Row = tuple[float, float, float, float, float]


def _euler(own: Any) -> Iterator[Row]:
    for timestep, sigma, following in _walk(own):
        keep, take = _toward(sigma, following, *_denoised(own.config.prediction_type, sigma))
        yield timestep, 1 / sqrt(sigma**2 + 1), keep, take, 0.0


def _ancestral(own: Any) -> Iterator[Row]:
    """Step further down than asked, then add noise up to where the step should end."""
    for timestep, sigma, following in _walk(own):
        up = sqrt(max(following**2 * (sigma**2 - following**2) / sigma**2, 0.0))
        down = sqrt(max(following**2 - up**2, 0.0))
        keep, take = _toward(sigma, down, *_denoised(own.config.prediction_type, sigma))
        yield timestep, 1 / sqrt(sigma**2 + 1), keep, take, up


def _flow(own: Any) -> Iterator[Row]:
    for timestep, sigma, following in _walk(own):
        if own.config.stochastic_sampling:  # x' = (1 - s') x0 + s' z with x0 = x - s m
            yield timestep, 1.0, 1 - following, (following - 1) * sigma, following
        else:
            yield timestep, 1.0, 1.0, following - sigma, 0.0


def _ddim(own: Any) -> Iterator[Row]:
    """With x0 = p x + q m and the noise e = (x - √α x0) / √(1-α), the step is x' = √α' x0 + √(1-α') e."""
    cumulated = np.asarray(own.alphas_cumprod, dtype=np.float64)
    stride = own.config.num_train_timesteps // own.num_inference_steps
    for timestep in own.timesteps.tolist():
        before = timestep - stride
        alpha = cumulated[timestep]
        following = cumulated[before] if before >= 0 else float(own.final_alpha_cumprod)
        p, q = _denoised_variance_preserving(own.config.prediction_type, alpha)
        rest = np.sqrt((1 - following) / (1 - alpha))
        keep = np.sqrt(following) * p + rest * (1 - np.sqrt(alpha) * p)
        yield float(timestep), 1.0, keep, (np.sqrt(following) - rest * np.sqrt(alpha)) * q, 0.0


def _walk(own: Any) -> Iterator[tuple[float, float, float]]:
    """Yield timestep, sigma and the sigma after it."""
    sigmas = own.sigmas.double().tolist()
    yield from zip(own.timesteps.double().tolist(), sigmas[:-1], sigmas[1:], strict=True)


def _toward(sigma: float, following: float, p: float, q: float) -> tuple[float, float]:
    """Return keep and take of x' = x + (following - sigma) (x - x0) / sigma with x0 = p x + q m."""
    slope = (following - sigma) / sigma
    return 1 + slope * (1 - p), -slope * q


def _denoised(prediction: str, sigma: float) -> tuple[float, float]:
    """Return p and q of x0 = p x + q m where x = x0 + sigma noise."""
    if prediction == "epsilon":
        return 1.0, -sigma
    if prediction == "sample":
        return 0.0, 1.0
    return 1 / (sigma**2 + 1), -sigma / sqrt(sigma**2 + 1)


def _denoised_variance_preserving(prediction: str, alpha: float) -> tuple[float, float]:
    """Return p and q of x0 = p x + q m where x = √alpha x0 + √(1 - alpha) noise."""
    if prediction == "epsilon":
        return 1 / np.sqrt(alpha), -np.sqrt(1 - alpha) / np.sqrt(alpha)
    if prediction == "sample":
        return 0.0, 1.0
    return np.sqrt(alpha), -np.sqrt(1 - alpha)

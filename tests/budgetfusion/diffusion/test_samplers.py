"""Each table walks as diffusers' own scheduler walks."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
)

from budgetfusion.diffusion.errors import SchedulerUnsupportedError
from budgetfusion.diffusion.samplers import schedule
from budgetfusion.steps import KNOTS

SHAPE = (1, 4, 8, 8)


def denoiser(x: torch.Tensor, timestep: float) -> torch.Tensor:
    """Stand for a model: bounded, smooth, and another function at every timestep."""
    return torch.tanh(0.7 * x + 0.001 * timestep) - 0.1 * x


def walk_theirs(scheduler: Any, num_steps: int, seed: int) -> torch.Tensor:
    """Step as diffusers' pipelines do."""
    generator = torch.Generator().manual_seed(seed)
    scheduler.set_timesteps(num_steps)
    x = torch.randn(SHAPE, generator=generator) * getattr(scheduler, "init_noise_sigma", 1.0)
    stochastic = isinstance(scheduler, EulerAncestralDiscreteScheduler) or scheduler.config.get("stochastic_sampling")
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        noise = {"generator": generator} if stochastic else {}
        x = scheduler.step(denoiser(scaled, float(t)), t, x, **noise, return_dict=False)[0]
    return x


def walk_ours(scheduler: Any, num_steps: int, seed: int) -> torch.Tensor:
    """Step through the table, in float64."""
    generator = torch.Generator().manual_seed(seed)
    found = schedule(scheduler, num_steps)
    x = torch.randn(SHAPE, generator=generator).double() * found.noise_scale
    for timestep, scale, keep, take, stir in found.table:
        moved = keep * x + take * denoiser(x * scale, timestep)
        x = moved + stir * torch.randn(SHAPE, generator=generator) if found.is_stochastic else moved
    return x


def configs(kind: type, count: int = 20) -> list[tuple[Any, int]]:
    """Return schedulers of random configurations, each with a random step count, the same in every run.

    The cosine schedule is for DDIM alone: its sigmas reach 20,000, where diffusers' own float32 Euler loses digits.
    """
    rng = np.random.default_rng([20241205, *kind.__name__.encode()])
    return [(_random(kind, rng), int(rng.integers(1, 60))) for _ in range(count)]


def _random(kind: type, rng: np.random.Generator) -> Any:
    def pick(*values: Any) -> Any:
        return values[rng.integers(len(values))]

    if kind is FlowMatchEulerDiscreteScheduler:
        return kind(shift=float(rng.uniform(0.5, 5)), stochastic_sampling=pick(True, False))
    common = {
        "beta_schedule": pick("scaled_linear", "linear"),
        "timestep_spacing": pick("linspace", "leading", "trailing"),
        "steps_offset": pick(0, 1),
        "prediction_type": pick("epsilon", "v_prediction"),
    }
    if kind is DDIMScheduler:
        common["beta_schedule"] = pick("scaled_linear", "linear", "squaredcos_cap_v2")
        return kind(**common, clip_sample=False, set_alpha_to_one=pick(True, False))
    if kind is EulerDiscreteScheduler:
        spaced = pick({}, {"use_karras_sigmas": True}, {"use_exponential_sigmas": True}, {"use_beta_sigmas": True})
        return kind(**common, **spaced, final_sigmas_type=pick("zero", "sigma_min"))
    return kind(**common)


KINDS = [
    EulerDiscreteScheduler,
    DDIMScheduler,
    EulerAncestralDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_table_walks_as_its_scheduler_does(kind: type) -> None:
    """Twenty random configurations end where diffusers' scheduler ends, up to its own float32 rounding."""
    for scheduler, num_steps in configs(kind):
        theirs = walk_theirs(scheduler, num_steps, seed=7).double()
        ours = walk_ours(scheduler, num_steps, seed=7)
        error = float((ours - theirs).abs().max() / theirs.abs().max())

        assert error <= 2e-5, (scheduler.config, num_steps, error)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("kind", [EulerDiscreteScheduler, DDIMScheduler], ids=lambda kind: kind.__name__)
def test_every_prediction_type_is_read(kind: type, prediction: str) -> None:
    """Noise, velocity and image: the table follows what the model predicts."""
    options = {"clip_sample": False} if kind is DDIMScheduler else {}
    scheduler = kind(beta_schedule="scaled_linear", prediction_type=prediction, **options)

    theirs, ours = walk_theirs(scheduler, 20, seed=1).double(), walk_ours(scheduler, 20, seed=1)

    assert float((ours - theirs).abs().max() / theirs.abs().max()) <= 2e-5


def test_every_count_but_one_begins_alike_with_linspace_spacing() -> None:
    """That is what lets counts share their first evaluation: 999 and the largest sigma for any two steps or more."""
    scheduler = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    starts = {schedule(scheduler, n).start for n in KNOTS if n > 1}
    leading = EulerDiscreteScheduler.from_config(scheduler.config, timestep_spacing="leading")

    assert len(starts) == 1
    assert next(iter(starts))[0] == 999.0
    assert next(iter(starts))[2] == pytest.approx(14.6146, abs=1e-4)
    assert len({schedule(leading, n).start for n in KNOTS if n > 1}) > 1


def test_the_scheduler_is_left_alone() -> None:
    """A table is read from a copy."""
    scheduler = EulerDiscreteScheduler()
    before = scheduler.timesteps.clone()

    schedule(scheduler, 5)

    assert torch.equal(scheduler.timesteps, before)


@pytest.mark.parametrize(
    ("scheduler", "reason"),
    [
        (HeunDiscreteScheduler(), "its steps are not written as a table"),
        (DDIMScheduler(clip_sample=True), "it clips or thresholds"),
        (FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), "its timesteps shift"),
        (EulerAncestralDiscreteScheduler(prediction_type="else"), "prediction type 'else' is unknown"),
        (
            DDIMScheduler(clip_sample=False, rescale_betas_zero_snr=True, timestep_spacing="trailing"),
            "with 5 steps a coefficient is not finite",
        ),
    ],
)
def test_a_scheduler_that_no_table_expresses_is_refused(scheduler: Any, reason: str) -> None:
    """The message names it, says why, and what would do."""
    with pytest.raises(SchedulerUnsupportedError, match=f"{reason}.*Expected Euler, Euler-ancestral, DDIM"):
        schedule(scheduler, 5)

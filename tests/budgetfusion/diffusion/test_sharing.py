"""First evaluations computed once: fewer rows, the same bits."""

from typing import Any

import numpy as np
import pytest
from diffusers import EulerDiscreteScheduler

from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.jobs import Job, Picture
from budgetfusion.steps import KNOTS

PROMPTS = ("a red ball on a green field", "an empty white wall")


def jobs(seeds: int, steps: tuple[int, ...]) -> list[Job]:
    """Return every prompt with every seed at every step count, as a measurement asks."""
    return [Job(prompt, seed, n) for prompt in PROMPTS for seed in range(seeds) for n in steps]


def pictures(engine: Engine, wanted: list[Job]) -> list[Picture]:
    """Make them, in any order."""
    return [future.result() for future in engine.run_jobs(wanted)]


def test_a_measurement_evaluates_exactly_the_rows_that_differ(pipe: Any) -> None:
    """Of 12 counts 11 share a first row for each prompt and seed, and rows without text serve all prompts."""
    engine = Engine(pipe.to("cpu"), share=True)
    pictures(engine, jobs(2, KNOTS))
    pairs, seeds, counts = len(PROMPTS) * 2, 2, len(KNOTS)

    every = 2 * pairs * sum(KNOTS)
    with_text, without = pairs * (counts - 2), pairs * counts - 2 * seeds

    assert engine.rows_evaluated == every - with_text - without


@pytest.mark.parametrize("spacing", ["linspace", "leading"])
@pytest.mark.parametrize("guidance_scale", [7.5, 1.0])
def test_shared_images_are_bit_equal_to_unshared_ones(pipe: Any, spacing: str, guidance_scale: float) -> None:
    """In a static engine not one bit of latents or pixels tells whether a first evaluation was shared."""
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, timestep_spacing=spacing)
    wanted = [Job(p, s, n, guidance_scale) for p in PROMPTS for s in (0, 1) for n in (1, 2, 3, 5)]

    shared = pictures(Engine(pipe, slots=4, static=True, share=True), wanted)
    plain = pictures(Engine(pipe, slots=4, static=True), wanted)

    for a, b in zip(shared, plain, strict=True):
        assert np.array_equal(a.latents, b.latents)
        assert np.array_equal(a.pixels, b.pixels)


def test_counts_with_different_starts_share_only_what_is_equal(pipe: Any) -> None:
    """With leading spacing every count starts elsewhere, and only rows without text are shared, by prompts."""
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, timestep_spacing="leading")
    engine = Engine(pipe.to("cpu"), share=True)
    pictures(engine, jobs(1, (3, 4, 7)))

    assert engine.rows_evaluated == 2 * 2 * (3 + 4 + 7) - 3

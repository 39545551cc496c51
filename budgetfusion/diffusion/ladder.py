"""The same prompts and seeds at several step counts: what a measurement of curves needs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetfusion.diffusion.engine import SLOTS, Engine
from budgetfusion.diffusion.jobs import Job
from budgetfusion.diffusion.pipeline import Model


class Ladder(NamedTuple):
    """Images by pair (prompt and seed) and step count.

    Attributes:
        pixels: RGB, shape (pairs, step counts, height, width, 3), 0..255.
        latents: What the decoder was given, shape (pairs, step counts, channels, height / vae_scale_factor,
            width / vae_scale_factor).
    """

    pixels: NDArray[np.uint8]
    latents: NDArray[np.float32]


def ladder(
    model: Model, prompts: Sequence[str], seeds: Sequence[int], steps: Sequence[int], *, slots: int = SLOTS
) -> Ladder:
    """Make one image for each prompt and seed at each step count.

    The batch never changes its size, so an image's bits depend on `slots` but not on what is made with it; first
    evaluations that step counts or prompts have in common are computed once.

    Args:
        model: The loaded model.
        prompts: One prompt for each pair.
        seeds: One seed for each pair.
        steps: Step counts.
        slots: Images in each batch.

    Raises:
        BudgetFusionError: The first failure of an image.
    """
    engine = Engine(model.pipe, slots=slots, static=True, share=True, width=model.width, height=model.height)
    guidance = model.config.guidance_scale
    pairs = zip(prompts, seeds, strict=True)
    futures = engine.run_jobs([Job(prompt, seed, n, guidance) for prompt, seed in pairs for n in steps])
    pictures, shape = [future.result() for future in futures], (len(prompts), len(steps))
    pixels, latents = np.stack([one.pixels for one in pictures]), np.stack([one.latents for one in pictures])
    return Ladder(pixels.reshape(*shape, *pixels.shape[1:]), latents.reshape(*shape, *latents.shape[1:]))

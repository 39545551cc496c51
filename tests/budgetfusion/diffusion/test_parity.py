"""Parity with diffusers' own loop over prompts, bit by bit."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler

from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.errors import SchedulerUnsupportedError
from budgetfusion.diffusion.jobs import Job
from budgetfusion.diffusion.parity import kernels
from budgetfusion.diffusion.pipeline import Model

JOBS = [Job("a red ball on a green field", 0, 3), Job("snow", 1, 5), Job("a blue house in a park", 2, 4)]


@pytest.mark.parametrize("prediction", ["v_prediction", "epsilon"])
def test_every_bit_is_that_of_the_loop_over_prompts(model: Model, prediction: str) -> None:
    """Latents and pixels of mixed step counts in shared batches are those of diffusers' pipeline, one call each."""
    pipe = model.pipe.__class__(**model.pipe.components, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, prediction_type=prediction)

    pictures = [future.result() for future in Engine(pipe, parity=True).run_jobs(JOBS)]

    for picture, job in zip(pictures, JOBS, strict=True):
        latents, pixels = _stock(pipe, job)
        assert (picture.latents == latents).all()
        assert (picture.pixels == pixels).all()


def test_parity_is_for_euler(model: Model) -> None:
    """Another sampler is refused, and so is what diffusers' loop does not do."""
    pipe = model.pipe.__class__(**model.pipe.components, requires_safety_checker=False)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)

    with pytest.raises(SchedulerUnsupportedError, match="parity with diffusers is written for Euler"):
        Engine(pipe, parity=True)
    with pytest.raises(ValueError, match="diffusers' loop has neither"):
        Engine(model.pipe, parity=True, share=True)


def _stock(pipe: Any, job: Job) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(job.seed)
    with kernels():
        latents = pipe(
            job.prompt, num_inference_steps=job.num_steps, generator=[generator], output_type="latent"
        ).images
        with torch.inference_mode():
            image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor, return_dict=False)[0]
    return latents[0].numpy(), np.asarray(pipe.image_processor.postprocess(image)[0])

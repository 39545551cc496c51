"""Other samplers of the same model."""

from typing import Any

import numpy as np
import pytest
import torch

from budgetfusion.baselines.samplers import SAMPLERS, with_sampler
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.samplers import schedule


@pytest.mark.parametrize("name", SAMPLERS)
def test_images_are_those_of_the_stock_pipeline(pipe: Any, name: str) -> None:
    """Mixed steps in one batch make what diffusers makes of each prompt alone with that scheduler."""
    other = with_sampler(pipe, name)
    made = Engine(other).run(["a red circle", "snow"], [6, 3], seeds=[0, 1])

    for seed, picture in enumerate(made):
        stock = other(
            picture.job.prompt,
            num_inference_steps=picture.job.num_steps,
            generator=torch.Generator().manual_seed(seed),
            output_type="latent",
        ).images[0]
        np.testing.assert_allclose(picture.latents, stock, atol=1e-5 * float(stock.abs().max()))


def test_the_given_pipeline_keeps_its_sampler(pipe: Any) -> None:
    """All weights are shared, and the scheduler is another's."""
    before = pipe.scheduler
    other = with_sampler(pipe, "DDIM")

    assert pipe.scheduler is before is not other.scheduler
    assert other.unet is pipe.unet


@pytest.mark.parametrize(("name", "first"), [("DDIM", 946), ("DDIM-TRAILING", 999), ("EULER-ANCESTRAL", 999)])
def test_where_a_sampler_begins(pipe: Any, name: str, first: int) -> None:
    """DDIM as shipped leaves out the noisiest timesteps; the fair variants begin where Euler does."""
    assert schedule(with_sampler(pipe, name).scheduler, 22).table[0, 0] == first

"""Four kinds of pipelines, real architectures with random weights: each makes diffusers' own images in slots."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from budgetfusion.diffusion.engine import Engine

PROMPTS, SEEDS, STEPS = ("a red ball on a green field", "an empty white wall"), (0, 3), (2, 5)
KINDS = ("sd", "sdxl", "sd3", "flux")
SIZE = 32


@pytest.mark.parametrize("guidance_scale", [1.0, 4.0])
@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_makes_diffusers_own_latents(build: Callable[..., Any], kind: str, guidance_scale: float) -> None:
    """To a relative error of 1e-5, whatever the steps of its neighbours; prompt by prompt in diffusers' loop."""
    pipe = build(kind)
    engine = Engine(pipe, slots=3, share=True, width=SIZE, height=SIZE)
    pictures = engine.run(PROMPTS, STEPS, seeds=SEEDS, guidance_scale=guidance_scale)

    for picture, prompt, seed, num_steps in zip(pictures, PROMPTS, SEEDS, STEPS, strict=True):
        call = {"num_inference_steps": num_steps, "guidance_scale": guidance_scale, "width": SIZE, "height": SIZE}
        noise = {"generator": torch.Generator().manual_seed(seed)}
        latents = pipe(prompt, **call, **noise, output_type="latent").images
        noise = {"generator": torch.Generator().manual_seed(seed)}
        pixels = np.asarray(pipe(prompt, **call, **noise).images[0])
        if kind == "flux":
            latents = pipe._unpack_latents(latents, SIZE, SIZE, pipe.vae_scale_factor)
        theirs = latents[0].numpy()

        assert np.abs(picture.latents - theirs).max() / np.abs(theirs).max() < 1e-5
        assert np.abs(picture.pixels.astype(int) - pixels).max() <= 1

"""Patches on devices of their own: exact while they wait for each other, and as old as they should be afterwards."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from budgetfusion.baselines.distrifusion import PatchParallel, with_patches
from budgetfusion.baselines.errors import DenoiserUnsupportedError, PatchesUnevenError
from budgetfusion.baselines.exchange import InProcess
from budgetfusion.diffusion.pipeline import Model

STEPS = 8
PROMPTS = ["a red circle", "two boats on a lake", "snow"]
PROCESS = """
import sys, torch
from budgetfusion.baselines.distrifusion import with_patches
from budgetfusion.baselines.exchange import join
pipe = torch.load(sys.argv[1], weights_only=False)
exchange = join(torch.device("cpu"))
patched = with_patches(pipe, exchange, warm_up=2)
for prompt in ("a cat", "a red circle"):
    patched.unet.begin()
    generator = torch.Generator().manual_seed(0)
    made = patched(prompt, num_inference_steps=8, generator=generator, output_type="latent").images
torch.save(made, sys.argv[2] + str(exchange.first))
torch.distributed.destroy_process_group()
"""


def latents(pipe: Any) -> Any:
    """Return the latents of some images, as a pipeline call of diffusers makes them."""
    if isinstance(pipe.unet, PatchParallel):
        pipe.unet.begin()
    generators = [torch.Generator().manual_seed(seed) for seed in range(len(PROMPTS))]
    call = pipe(PROMPTS, num_inference_steps=STEPS, generator=generators, output_type="latent")
    return call.images.numpy()


def difference(found: Any, expected: Any) -> float:
    """Return the largest difference, relative to the largest number."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def error(found: Any, expected: Any) -> float:
    """Return the root mean square of the difference."""
    return float(np.sqrt(np.square(found - expected).mean()))


def divisions(model: Model) -> list[int]:
    """Return the numbers of patches into which the embedded model's latents can be cut, up to 8."""
    rows = model.height // model.pipe.vae_scale_factor // 2**model.pipe.unet.num_upsamplers
    return [k for k in (1, 2, 4, 8) if rows % k == 0]


@pytest.mark.parametrize("warm_up", [1, STEPS])
def test_one_patch_is_the_plain_pipeline(pipe: Any, warm_up: int) -> None:
    """A single device hears nothing old, however early the waiting ends."""
    assert difference(latents(with_patches(pipe, InProcess(1), warm_up)), latents(pipe)) <= 1e-5


@pytest.mark.parametrize(("patches", "warm_up"), [(2, STEPS), (2, STEPS + 3)])
def test_devices_that_always_wait_make_the_plain_image(pipe: Any, patches: int, warm_up: int) -> None:
    """If warming up takes all steps, halos, keys, values and moments are exact."""
    assert difference(latents(with_patches(pipe, InProcess(patches), warm_up)), latents(pipe)) <= 1e-5


def test_the_embedded_model_in_patches_is_itself_while_they_wait(model: Model) -> None:
    """With trained weights, and down to patches of one row at the lowest resolution."""
    plain = latents(model.pipe)

    for patches in divisions(model):
        assert difference(latents(with_patches(model.pipe, InProcess(patches), STEPS)), plain) <= 1e-5


def test_more_patches_are_farther_from_the_plain_image(model: Model) -> None:
    """The more of an image is one step old, the larger the error."""
    plain = latents(model.pipe)
    errors = [error(latents(with_patches(model.pipe, InProcess(k), 2)), plain) for k in divisions(model)]

    assert errors == sorted(errors)
    assert errors[0] <= 1e-5 < 0.01 < errors[1]


def test_nothing_is_left_of_the_images_before(model: Model) -> None:
    """After `begin` the same call makes the same bits, and the given pipeline keeps its own UNet and weights."""
    patched = with_patches(model.pipe, InProcess(2), 1)

    assert (latents(patched) == latents(patched)).all()
    assert model.pipe.unet is not patched.unet
    assert {id(p) for p in patched.unet.parameters()} == {id(p) for p in model.pipe.unet.parameters()}


@pytest.mark.parametrize("kind", ["plain", "scale and shift, text in the timestep", "like Stable Diffusion 2"])
def test_two_processes_are_the_emulation(with_unet: Callable[[str], Any], kind: str, tmp_path: Path) -> None:
    """Two processes that talk through Gloo make, with old values, what two virtual devices make, and both have it."""
    pipe = with_unet(kind)
    torch.save(pipe, tmp_path / "pipe")
    script = tmp_path / "process.py"
    script.write_text(PROCESS, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}

    subprocess.run([*torchrun, script, tmp_path / "pipe", tmp_path / "made"], check=True, env=environment)

    expected = latents(with_patches(pipe, InProcess(2), 2))
    for rank in "01":
        assert difference(torch.load(tmp_path / f"made{rank}").numpy()[0], expected[0]) <= 1e-5
    assert difference(expected, latents(pipe)) > 1e-4


def test_an_image_that_cannot_be_cut_evenly_is_refused(with_unet: Callable[[str], Any]) -> None:
    """Each resolution of the UNet has to be divided evenly."""
    patched = with_patches(with_unet("plain"), InProcess(3))

    with pytest.raises(PatchesUnevenError, match="found latents of 16 rows, expected a multiple of 6"):
        latents(patched)


def test_a_unet_of_other_parts_is_refused(with_unet: Callable[[str], Any]) -> None:
    """One-sided padding cannot be cut, nor can blocks that nobody knows."""
    unet = with_unet("plain").unet
    unet.register_to_config(downsample_padding=0)

    with pytest.raises(DenoiserUnsupportedError, match="found downsample_padding 0, expected 1"):
        PatchParallel(unet, InProcess(2))

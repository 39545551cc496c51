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
PROCESS = """
import sys, torch
from budgetfusion.baselines.distrifusion import with_patches
from budgetfusion.baselines.exchange import join
pipe = torch.load(sys.argv[1], weights_only=False)
exchange = join(torch.device("cpu"))
patched = with_patches(pipe, exchange, warm_up=2)
for seed in (5, 0):
    patched.unet.begin()
    generator = torch.Generator().manual_seed(seed)
    made = patched("a red circle", num_inference_steps=8, generator=generator, output_type="latent").images
torch.save(made, sys.argv[2] + str(exchange.first))
torch.distributed.destroy_process_group()
"""


def latents(pipe: Any, num_steps: int = STEPS) -> Any:
    """Return the latents of one image, as a pipeline call of diffusers makes them."""
    if isinstance(pipe.unet, PatchParallel):
        pipe.unet.begin()
    generator = torch.Generator().manual_seed(0)
    call = pipe("a red circle", num_inference_steps=num_steps, generator=generator, output_type="latent")
    return call.images.numpy()


def difference(found: Any, expected: Any) -> float:
    """Return the largest difference, relative to the largest number."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("warm_up", [1, STEPS])
def test_one_patch_is_the_plain_pipeline(pipe: Any, warm_up: int) -> None:
    """A single device hears nothing old, however early the waiting ends."""
    assert difference(latents(with_patches(pipe, InProcess(1), warm_up)), latents(pipe)) <= 1e-5


@pytest.mark.parametrize(("patches", "warm_up"), [(2, STEPS), (2, STEPS + 3)])
def test_devices_that_always_wait_make_the_plain_image(pipe: Any, patches: int, warm_up: int) -> None:
    """If warming up takes all steps, halos, keys, values and moments are exact."""
    assert difference(latents(with_patches(pipe, InProcess(patches), warm_up)), latents(pipe)) <= 1e-5


@pytest.mark.parametrize("patches", [1, 2, 4, 8])
def test_the_embedded_model_in_patches_is_itself_while_they_wait(model: Model, patches: int) -> None:
    """With trained weights, and down to patches of one row at the lowest resolution."""
    assert difference(latents(with_patches(model.pipe, InProcess(patches), STEPS)), latents(model.pipe)) <= 1e-5


def test_more_patches_are_farther_from_the_plain_image(model: Model) -> None:
    """The more of an image is one step old, the larger the error."""
    plain = latents(model.pipe)
    errors = [difference(latents(with_patches(model.pipe, InProcess(k), 2)), plain) for k in (1, 2, 4, 8)]

    assert errors == sorted(errors)
    assert errors[0] <= 1e-5 < 0.01 < errors[1]


def test_a_longer_warm_up_is_nearer_to_the_plain_image(model: Model) -> None:
    """The early steps change most, so waiting in them pays."""
    plain = latents(model.pipe)
    errors = [difference(latents(with_patches(model.pipe, InProcess(2), steps)), plain) for steps in (1, 3, 6, 8)]

    assert errors == sorted(errors, reverse=True)


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
        assert difference(torch.load(tmp_path / f"made{rank}").numpy(), expected) <= 1e-5
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

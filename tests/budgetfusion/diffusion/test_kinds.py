"""Four kinds of pipelines, real architectures with random weights: each makes diffusers' own images in slots."""

from collections.abc import Callable
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from diffusers import HeunDiscreteScheduler

from budgetfusion.baselines.deepcache import DeepCache
from budgetfusion.baselines.errors import DenoiserUnsupportedError
from budgetfusion.baselines.methods import baseline
from budgetfusion.baselines.samplers import with_sampler
from budgetfusion.baselines.transfer import transfer
from budgetfusion.cli import cli
from budgetfusion.config import GenerationConfig
from budgetfusion.cost import count_flops
from budgetfusion.diffusion.adoption import adopt
from budgetfusion.diffusion.denoisers import denoiser, network, rows
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.errors import (
    LatentsNotFiniteError,
    PipelineUnsupportedError,
    SchedulerMismatchError,
    SizeUnevenError,
)
from budgetfusion.diffusion.pipeline import load
from budgetfusion.measure import measure
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.steps import KNOTS

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


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_a_denoiser_is_one_graph(build: Callable[..., Any], kind: str) -> None:
    """It compiles without a break, as a round on a GPU must, with rows at different timesteps."""
    asked = denoiser(build(kind), (SIZE, SIZE))
    rng = torch.Generator().manual_seed(0)
    heard = torch.randn(2, *asked.context, generator=rng)
    ask = partial(asked.denoise, encoder_hidden_states=heard, return_dict=False)
    call = (torch.randn(2, *asked.shape, generator=rng), torch.tensor([999.0, 3.5]))

    traced = torch.compile(ask, fullgraph=True, dynamic=False, backend="eager")

    torch.testing.assert_close(traced(*call)[0], ask(*call)[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_measure_takes_each_kind(folder_of: Callable[[str], Path], kind: str, tmp_path: Path) -> None:
    """Every knot has its finite row, the most steps are their own reference, and the digest is the model's."""
    config = GenerationConfig(model=str(folder_of(kind)), guidance_scale=3.0, width=16, height=16)
    model = load(config, "cpu")

    found = measure(model, scene_encoder(), [("a red ball", 0)], tmp_path / "m.parquet")

    assert [row["num_steps"] for row in found] == list(KNOTS)
    assert all(isfinite(row[name]) for row in found for name in ("l_snr_db", "d_sim", "i_clip", "ssim"))
    assert (found[-1]["d_sim"], {row["config_digest"] for row in found}) == (pytest.approx(0, abs=1e-6), {model.digest})


@pytest.mark.parametrize("kind", KINDS)
def test_generate_takes_each_kind(folder_of: Callable[[str], Path], kind: str, tmp_path: Path) -> None:
    """Its line says what the image cost; a prompt that is too long is cut and said so, for a T5 otherwise."""
    words = ["--model", str(folder_of(kind)), "--steps", "2", "--out", str(tmp_path / "x.png")]
    done = CliRunner().invoke(cli, ["generate", "red " * 100, *words, "--device", "cpu"])

    hears = "predictor (not the model's T5)" if kind in ("sd3", "flux") else "model"
    assert done.exit_code == 0, done.output
    assert "2 steps (as asked), " in done.stdout
    assert f"more than 40 tokens; the {hears} hears only the beginning" in done.stderr


@pytest.mark.parametrize(("kind", "multiple"), [("sd", 2), ("sdxl", 2), ("sd3", 4), ("flux", 4)])
def test_an_uneven_size_is_refused(build: Callable[..., Any], kind: str, multiple: int) -> None:
    """Before anything is computed; a transformer takes latents in patches of two by two."""
    even = 31 // multiple * multiple + multiple

    found, give = "found 31 x 32 pixels", f"Give width = {even} and height = 32"
    with pytest.raises(SizeUnevenError, match=f"{found}, expected multiples of {multiple} for this model. {give}"):
        Engine(build(kind), width=31, height=32)


@pytest.mark.parametrize("kind", KINDS)
def test_latents_that_are_not_finite_are_told(build: Callable[..., Any], kind: str) -> None:
    """One line for one image, in every kind."""
    pipe = build(kind)
    for weight in list(network(pipe).parameters())[-2:]:
        weight.data.fill_(torch.nan)

    with pytest.raises(LatentsNotFiniteError, match="found latents that are NaN or infinite"):
        Engine(pipe, width=16, height=16).run(["a red ball"], [2])


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_costs_what_its_rows_cost(build: Callable[..., Any], kind: str) -> None:
    """Guidance doubles rows in all kinds but Flux, which is told the scale; counting leaves the pipeline alone."""
    pipe = build(kind)
    one, two = (count_flops(pipe, SIZE, SIZE, rows=rows(pipe, guidance)).step for guidance in (1.0, 7.5))

    assert two / one == (1 if kind == "flux" else 2)
    assert network(pipe).device.type == "cpu"


@pytest.mark.parametrize("kind", ["sdxl", "flux"])
def test_features_are_used_again_in_unets_of_one_text_alone(build: Callable[..., Any], kind: str) -> None:
    """The others are refused before any image is begun."""
    with pytest.raises(PipelineUnsupportedError, match="its denoiser hears more than the states of one text"):
        Engine(build(kind), reuse=DeepCache())


def test_a_baseline_says_that_it_cannot(folder_of: Callable[[str], Path]) -> None:
    """A transformer cannot be taken apart as a UNet is, nor can a flow be sampled by DDIM; SDXL hears more."""
    flux, sdxl = (load(GenerationConfig(model=str(folder_of(kind))), "cpu") for kind in ("flux", "sdxl"))

    with pytest.raises(DenoiserUnsupportedError, match="found a FluxTransformer2DModel, expected a UNet"):
        baseline(flux, "DDIM")
    with pytest.raises(DenoiserUnsupportedError, match="DDIM cannot run on this UNet: found a FluxTransformer2DModel"):
        with_sampler(flux.pipe, "DDIM")
    with pytest.raises(DenoiserUnsupportedError, match="HEUN cannot run on this UNet: found a FluxTransformer2DModel"):
        transfer(flux, "HEUN", ["a red ball"], [0], 2)
    with pytest.raises(DenoiserUnsupportedError, match="found one that hears pooled text"):
        baseline(sdxl, "DEEPCACHE")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipeline_of_the_users_own_has_the_same_digest(folder_of: Callable[[str], Path], kind: str) -> None:
    """So that a predictor measured here may be attached to it there; another scheduler is refused by name."""
    model = load(GenerationConfig(model=str(folder_of(kind))), "cpu")

    assert adopt(model.pipe).digest == model.digest
    model.pipe.scheduler = HeunDiscreteScheduler()
    with pytest.raises(
        SchedulerMismatchError, match=f"found Heun.*expected {'Flow' if kind in ('sd3', 'flux') else 'Eul'}"
    ):
        adopt(model.pipe)


def test_the_autoencoder_of_sdxl_decodes_in_float32(build: Callable[..., Any]) -> None:
    """It overflows in float16; the pipeline keeps its own, which diffusers' loop casts by itself."""
    pipe = build("sdxl").to(torch.float16)

    assert denoiser(pipe, (SIZE, SIZE)).vae.dtype == torch.float32
    assert pipe.vae.dtype == torch.float16
    assert denoiser(build("sdxl"), (SIZE, SIZE)).vae.dtype == torch.float32


def test_an_autoencoder_that_shifts_each_channel_is_refused(build: Callable[..., Any]) -> None:
    """Its latents would be decoded to other colours."""
    pipe = build("sdxl")
    pipe.vae.register_to_config(latents_mean=[0.1] * 4)

    with pytest.raises(PipelineUnsupportedError, match="its autoencoder shifts each channel of the latents"):
        Engine(pipe)

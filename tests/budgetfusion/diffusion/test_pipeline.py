"""Loading models and making images."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from budgetfusion import scenes
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import Model, choose_device, generate, load
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import DeviceUnavailableError, ModelUnavailableError

PROMPT = "a red ball on a green field"


@pytest.fixture(scope="module")
def stock() -> StableDiffusionPipeline:
    """Return diffusers' own pipeline, loaded from the shipped folder and nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipe = StableDiffusionPipeline.from_pretrained(scenes.PIPELINE, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("num_steps", [1, 2, 9, 65])
def test_our_image_is_the_stock_pipelines(model: Model, stock: StableDiffusionPipeline, num_steps: int) -> None:
    """Not one pixel differs from diffusers' pipeline in the same process."""
    theirs = stock(
        PROMPT, num_inference_steps=num_steps, guidance_scale=7.5, generator=torch.Generator().manual_seed(0)
    ).images[0]

    assert (generate(model, [PROMPT], [0], num_steps)[0] == np.asarray(theirs)).all()


@pytest.mark.parametrize("num_steps", [2, 3, 22, 129])
def test_every_schedule_runs_from_the_first_to_the_last_timestep(model: Model, num_steps: int) -> None:
    """Linspace spacing starts at 999 and ends at 0 for any two steps or more (arXiv:2412.05780, section 3.1)."""
    model.pipe.scheduler.set_timesteps(num_steps)

    timesteps = model.pipe.scheduler.timesteps
    assert (float(timesteps[0]), float(timesteps[-1]), len(timesteps)) == (999.0, 0.0, num_steps)


def test_an_image_hardly_depends_on_its_batch(model: Model) -> None:
    """The noise belongs to the image; only the last bits of the arithmetic may differ."""
    together = generate(model, [PROMPT, "an empty white wall"], [3, 4], 5)
    alone = generate(model, [PROMPT], [3], 5)

    assert np.abs(together[0].astype(int) - alone[0]).max() <= 1


def test_images_have_the_models_size(model: Model) -> None:
    """RGB pixels of 64 x 64, one for each prompt."""
    assert generate(model, [PROMPT] * 2, [0, 1], 2).shape == (2, model.height, model.width, 3) == (2, 64, 64, 3)


def test_the_digest_follows_settings_and_weights(model: Model, tmp_path: Path) -> None:
    """Another guidance scale or another byte of the weights is another model; another place on the disk is not."""
    copy = tmp_path / "copy"
    shutil.copytree(scenes.PIPELINE, copy)
    same = load(GenerationConfig(model=str(copy)), "cpu", text_only=True)
    other = load(GenerationConfig(guidance_scale=5.0), "cpu", text_only=True)
    (copy / "note.txt").write_text("changed")
    changed = load(GenerationConfig(model=str(copy)), "cpu", text_only=True)

    assert same.digest == model.digest
    assert len({model.digest, other.digest, changed.digest}) == 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/nowhere/at/all", "there is no such folder"),
        ("nobody/no-such-model", "the hub was not reached, and there is no copy on this machine"),
    ],
)
def test_a_model_that_cannot_be_reached_is_named(name: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what was looked for, why it failed and what to check."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(ModelUnavailableError, match=f"{reason}.*check the spelling and the connection"):
        load(GenerationConfig(model=name), "cpu")


def test_a_folder_without_a_pipeline_is_named(tmp_path: Path) -> None:
    """An empty folder is no model."""
    with pytest.raises(ModelUnavailableError, match=r"no file named model_index\.json"):
        load(GenerationConfig(model=str(tmp_path)), "cpu")


def test_a_hub_that_does_not_answer_is_named() -> None:
    """A refused connection is one line, whichever library reports it."""
    environment = os.environ | {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_ETAG_TIMEOUT": "1"}
    command = [sys.executable, "-m", "budgetfusion", "generate", "x", "--steps", "2", "--model", "nobody/nothing"]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("error: Model 'nobody/nothing' cannot be loaded: ")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named() -> None:
    """Asking for one is answered before anything is loaded."""
    with pytest.raises(DeviceUnavailableError, match="Device 'cuda:1' is not available"):
        choose_device("cuda:1")


def test_a_named_device_is_taken_as_it_is() -> None:
    """Only 'auto' looks for a GPU."""
    assert choose_device("cpu") == "cpu"
    assert choose_device() in ("cpu", "cuda")


def test_text_embeddings_have_length_sqrt_width(model: Model) -> None:
    """Their numbers are of the size of one, whatever the encoder's scale."""
    text = encode_text(model.pipe, [PROMPT, "", "word " * 200])

    assert text.shape == (3, 128)
    assert np.linalg.norm(text, axis=1) == pytest.approx(np.full(3, 128**0.5), rel=1e-5)

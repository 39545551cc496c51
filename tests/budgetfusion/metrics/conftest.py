"""Small networks of the real architectures, with random weights, a stand-in for DreamSim's package, and images."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
    CLIPConfig,
    CLIPModel,
    CLIPProcessor,
    CLIPTokenizer,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from budgetfusion.metrics import Pixels

WORDS = ("a", "red", "blue", "green", "ball", "box", "tree", "on", "in", "field", "sky", "two")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SMALL = {"intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32}


@pytest.fixture(scope="session")
def pictures() -> Pixels:
    """Thirty-two different RGB images of 64 x 64: smooth noise, from coarse to fine."""
    noise = np.random.default_rng(5).normal(size=(32, 64, 64, 3))
    smooth = [
        gaussian_filter(one, (sigma, sigma, 0)) for one, sigma in zip(noise, np.linspace(6, 0.5, 32), strict=True)
    ]
    return np.stack([np.uint8(np.clip(128 + 60 * one / one.std(), 0, 255)) for one in smooth])


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CLIP of 32 x 32 pixels whose tokens are letters, as the hub has one."""
    folder = tmp_path_factory.mktemp("clip")
    marks = ["<|startoftext|>", "<|endoftext|>"]
    tokens = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), *marks]
    tokenizer = CLIPTokenizer(vocab={token: k for k, token in enumerate(tokens)}, merges=[], model_max_length=16)
    start, end = len(tokens) - 2, len(tokens) - 1
    ids = {"vocab_size": len(tokens), "bos_token_id": start, "eos_token_id": end, "pad_token_id": end}
    text = {**_SMALL, **ids, "max_position_embeddings": 16, "projection_dim": 24}
    vision = {**_SMALL, "image_size": 32, "patch_size": 8, "projection_dim": 24}
    torch.manual_seed(0)
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)).save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(images, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def small_blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BLIP of 48 x 48 pixels that knows a dozen words, as the hub has one."""
    folder = tmp_path_factory.mktemp("blip")
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokenizer = BertTokenizer(vocab={token: k for k, token in enumerate(tokens)})
    # as in the real one, the token that begins a caption is one past the tokenizer's words
    ids = {"vocab_size": len(tokens) + 2, "bos_token_id": len(tokens), "eos_token_id": 3, "sep_token_id": 3}
    text = {**_SMALL, **ids, "encoder_hidden_size": 32, "max_position_embeddings": 32, "initializer_range": 0.6}
    vision = {**_SMALL, "image_size": 48, "patch_size": 8, "initializer_range": 0.6}
    torch.manual_seed(0)
    model = BlipForConditionalGeneration(BlipConfig(text_config=text, vision_config=vision))
    model.save_pretrained(folder)
    BlipProcessor(BlipImageProcessorPil(size={"height": 48, "width": 48}), tokenizer).save_pretrained(folder)
    return folder


class PerceptualModel(nn.Module):
    """Embeds pixels by a random projection; its distance is 1 - cosine, as the package's."""

    def __init__(self) -> None:
        super().__init__()
        weights = np.random.default_rng(0).normal(size=(3 * 28 * 28, 48)) / 50
        self.register_buffer("weights", torch.from_numpy(weights))

    def embed(self, img: Tensor) -> Tensor:
        """Return embeddings, centred and of length 1, shape (batch, 48), of pixels (batch, 3, 224, 224), 0..1."""
        assert img.shape[1:] == (3, 224, 224)
        assert 0 <= img.min() <= img.max() <= 1
        rows = nn.functional.avg_pool2d(img - 0.5, 8).flatten(1).double() @ self.weights
        return nn.functional.normalize(rows - rows.mean(dim=1, keepdim=True), dim=1)

    def forward(self, img_a: Tensor, img_b: Tensor) -> Tensor:
        """Return the distance of each pair."""
        return 1 - nn.functional.cosine_similarity(self.embed(img_a), self.embed(img_b), dim=-1)


class DreamSimPackage(ModuleType):
    """A stand-in for the package `dreamsim` 0.2.1: its one function, with its arguments, manners and answers.

    It remembers how it was called, and raises `error` if there is one.
    """

    def __init__(self) -> None:
        super().__init__("dreamsim")
        self.error: Exception | None = None
        self.called: dict[str, Any] = {}

    def dreamsim(
        self,
        pretrained: bool = True,
        device: str = "cuda",
        cache_dir: str = "./models",
        normalize_embeds: bool = True,
        dreamsim_type: str = "ensemble",
        use_patch_model: bool = False,
    ) -> tuple[PerceptualModel, Callable[[Image.Image], Tensor]]:
        """Say that it downloads, move torch's hub folder, and return the model and what prepares a picture."""
        self.called = {"device": device, "cache_dir": cache_dir, "dreamsim_type": dreamsim_type}
        assert pretrained
        assert normalize_embeds
        assert not use_patch_model
        if not os.path.exists(cache_dir):
            os.mkdir(cache_dir)
        print("Downloading checkpoint")  # noqa: T201 -- as the package does
        torch.hub.set_dir(cache_dir)
        if self.error:
            raise self.error
        return PerceptualModel().to(device), prepare


def prepare(picture: Image.Image) -> Tensor:
    """Return a picture's pixels, shape (1, 3, 224, 224), 0..1."""
    small = picture.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.float32(small) / 255).permute(2, 0, 1)[None]


@pytest.fixture
def dreamsim_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> DreamSimPackage:
    """Put the stand-in where the package would be, and let torch's hub folder be an empty one."""
    module = DreamSimPackage()
    monkeypatch.setitem(sys.modules, "dreamsim", module)
    monkeypatch.setattr("budgetfusion.metrics.dreamsim.version", lambda name: "0.2.1")
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    return module

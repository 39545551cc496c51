"""Well-known models by their configurations alone: enough to count operations, without a single weight."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

FOLDER = Path(__file__).parent / "architectures"
NAMES = ("sd1.5-512", "sd2-768", "sdxl-1024")
"""Stable Diffusion 1.5 at 512 pixels, 2 at 768, and XL at 1024; each a JSON file in `architectures/`."""


def read(name: str) -> dict[str, Any]:
    """Return an architecture: height and width (pixels), and the configurations of unet, vae and text_encoders."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def empty(name: str) -> SimpleNamespace:
    """Return the parts of a pipeline without memory for their weights (on torch's meta device)."""
    config = read(name)
    with torch.device("meta"):
        encoders = [CLIPTextModel(CLIPTextConfig(**text)) for text in config["text_encoders"]]
        return SimpleNamespace(
            unet=UNet2DConditionModel.from_config(config["unet"]),
            vae=AutoencoderKL.from_config(config["vae"]),
            text_encoder=encoders[0],
            text_encoder_2=encoders[1] if len(encoders) > 1 else None,
            tokenizer=SimpleNamespace(model_max_length=config["text_encoders"][0]["max_position_embeddings"]),
            vae_scale_factor=2 ** (len(config["vae"]["block_out_channels"]) - 1),
        )

"""Well-known models by their configurations: enough to count operations without a single weight, or to read a file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import safe_open
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from budgetfusion.diffusion.model_errors import CheckpointUnknownError

FOLDER = Path(__file__).parent / "architectures"
NAMES = ("sd1.5-512", "sd2-768", "sdxl-1024")
"""Stable Diffusion 1.5 at 512 pixels, 2 at 768, and XL at 1024; each a JSON file in `architectures/`."""

_MARKS = {
    "conditioner.embedders.1.": "sdxl-1024",
    "cond_stage_model.model.": "sd2-768",
    "cond_stage_model.transformer.": "sd1.5-512",
}
"""How the weights of the text encoder are called in a single file."""


def read(name: str) -> dict[str, Any]:
    """Return an architecture.

    Returns:
        Height and width (pixels), the configurations of unet, vae, text_encoders and scheduler, the class of the
        pipeline, and the text with which each tokenizer pads.
    """
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


def recognise(path: Path) -> str:
    """Return which of `NAMES` a single file of weights is, by the names of its tensors.

    A Stable Diffusion 2 for 512 pixels cannot be told from the one for 768, which predicts v; it is taken for that.

    Raises:
        CheckpointUnknownError: If it is none of them, or holds no whole model.
    """
    with safe_open(path, "pt") as file:
        names = list(file.keys())
    for mark, name in _MARKS.items():
        if any(found.startswith(mark) for found in names):
            return name
    raise CheckpointUnknownError(path, f"tensors such as '{names[0]}'" if names else "no tensor", NAMES)


def write(config: Mapping[str, Any], folder: Path) -> None:
    """Write an architecture as diffusers reads it: model_index.json, and the configuration of each part in a folder."""
    parts = dict(_parts(config))
    index: dict[str, Any] = {name: [library, part["_class_name"]] for name, (library, part) in parts.items()}
    index |= {name: ["transformers", "CLIPTokenizer"] for name in _numbered("tokenizer", config)}
    index["_class_name"] = config["pipeline"]
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    for name, (_, part) in parts.items():
        (folder / name).mkdir()
        kind = "scheduler_config.json" if name == "scheduler" else "config.json"
        (folder / name / kind).write_text(json.dumps(part), encoding="utf-8")


def tokenizers(config: Mapping[str, Any]) -> dict[str, CLIPTokenizer]:
    """Return an architecture's tokenizers by their names in the pipeline; all have CLIP's vocabulary."""
    merges = (FOLDER / "clip-merges.txt").read_text(encoding="utf-8").splitlines()
    pairs: list[Any] = [tuple(merge.split()) for merge in merges]  # transformers says texts, its tokenizer wants pairs
    letters = list(_letters())
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in pairs)]
    vocabulary = {word: k for k, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    most = config["text_encoders"][0]["max_position_embeddings"]
    return {
        name: CLIPTokenizer(vocab=vocabulary, merges=pairs, pad_token=pad, model_max_length=most)
        for name, pad in zip(_numbered("tokenizer", config), config["pads"], strict=True)
    }


def _parts(config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    for name in ("unet", "vae", "scheduler"):
        yield name, ("diffusers", config[name])
    for name, text in zip(_numbered("text_encoder", config), config["text_encoders"], strict=True):
        yield name, ("transformers", {"model_type": "clip_text_model", **text})


def _numbered(name: str, config: Mapping[str, Any]) -> list[str]:
    return [name if k == 0 else f"{name}_{k + 1}" for k in range(len(config["text_encoders"]))]


def _letters() -> Iterator[str]:
    """Yield the 256 bytes as the vocabulary writes them: those that print as they are, the others from 256 on."""
    printing = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    yield from map(chr, printing)
    yield from (chr(256 + k) for k in range(256 - len(printing)))

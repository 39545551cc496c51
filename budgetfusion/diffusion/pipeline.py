"""Loading a diffusion model and making images with it, one step count for each image."""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from budgetfusion import scenes
from budgetfusion.config import GenerationConfig
from budgetfusion.errors import DeviceUnavailableError, ModelUnavailableError

_NETWORK = ("httpx", "huggingface_hub", "requests")
"""Modules whose exceptions mean that the hub was not reached."""


@dataclass(frozen=True)
class Model:
    """A loaded diffusion model with its settings and the digest that names both."""

    config: GenerationConfig
    pipe: Any  # diffusers' StableDiffusionPipeline, which ships no types
    digest: str
    revision: str
    device: str

    @property
    def width(self) -> int:
        """Width of its images, pixels."""
        return self.config.width or int(self.pipe.unet.config.sample_size * self.pipe.vae_scale_factor)

    @property
    def height(self) -> int:
        """Height of its images, pixels."""
        return self.config.height or int(self.pipe.unet.config.sample_size * self.pipe.vae_scale_factor)


def choose_device(device: str = "auto") -> str:
    """Return 'cuda' where there is a GPU and 'cpu' elsewhere for 'auto', and any other name as it is.

    Raises:
        DeviceUnavailableError: If a GPU is named and there is none.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise DeviceUnavailableError(device)
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


def load(config: GenerationConfig, device: str = "auto", *, text_only: bool = False) -> Model:
    """Load a diffusion model with the Euler scheduler and linspace spacing (arXiv:2412.05780, section 3.1).

    Args:
        config: Which model, and how it is run.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
        text_only: Leave the denoiser and the decoder on the disk: enough to predict, not to generate.

    Raises:
        ModelUnavailableError: If it is not where `config.model` says, or cannot be reached.
    """
    source = scenes.PIPELINE if config.model == "scenes" else config.model
    chosen = choose_device(device)
    pipe = _load_pipe(source, config, text_only=text_only)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, timestep_spacing="linspace")
    pipe.set_progress_bar_config(disable=True)
    weights = weights_digest(source, pipe, config.revision)
    revision = scenes.NAME if config.model == "scenes" else config.revision or weights[:12]
    return Model(config, pipe.to(chosen), config.digest_for(weights), revision, chosen)


def generate(model: Model, prompts: Sequence[str], seeds: Sequence[int], num_steps: int) -> NDArray[np.uint8]:
    """Make one image for each prompt and seed, all with the same number of steps, in one pipeline call.

    The initial noise of an image comes from its own seed on the CPU, so it is the same on every device and in every
    batch; the arithmetic of a batch may differ from that of one image in the last bits.

    Args:
        model: The loaded model.
        prompts: One prompt for each image.
        seeds: One seed for each image.
        num_steps: Denoising steps, at least 1.

    Returns:
        RGB pixels, shape (images, height, width, 3), 0..255.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    images = model.pipe(
        list(prompts),
        num_inference_steps=num_steps,
        guidance_scale=model.config.guidance_scale,
        height=model.config.height,
        width=model.config.width,
        generator=generators,
        output_type="pil",
    ).images
    return np.stack([np.asarray(image) for image in images])


def _load_pipe(source: Path | str, config: GenerationConfig, *, text_only: bool) -> Any:
    for logger in (diffusers_logging, transformers_logging):
        logger.set_verbosity_error()
        logger.disable_progress_bar()
    local = Path(source).is_dir()
    if not local and str(source).startswith(("/", ".", "~")):
        raise ModelUnavailableError(str(source), "there is no such folder")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # diffusers warns about its own optional parts
            return StableDiffusionPipeline.from_pretrained(
                source,
                revision=None if local else config.revision,
                dtype=getattr(torch, config.dtype),
                local_files_only=local,
                safety_checker=None,
                requires_safety_checker=False,
                **({"unet": None, "vae": None} if text_only else {}),
            )
    except Exception as error:
        if not isinstance(error, (OSError, ValueError)) and not type(error).__module__.startswith(_NETWORK):
            raise
        raise ModelUnavailableError(str(source), _short(error)) from error


def weights_digest(source: Path | str, pipe: Any, revision: str | None) -> str:
    """Return the sha256 of a folder's files, or of a hub model's id and commit (its revision, if it tells none)."""
    folder = Path(source)
    if not folder.is_dir():
        commit = getattr(pipe.text_encoder.config, "_commit_hash", None) or revision
        return hashlib.sha256(f"{source}@{commit}".encode()).hexdigest()
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode() + b"\0")
            with path.open("rb") as file:
                found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()


def _short(error: Exception) -> str:
    """Return the first sentence of a loader's message, without its asides and full stop."""
    return str(error).strip().splitlines()[0].split(" (")[0].rstrip(".")

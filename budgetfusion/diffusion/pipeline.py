"""Loading a diffusion model and making images with it, one step count for each image."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler
from numpy.typing import NDArray

from budgetfusion import scenes
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.denoisers import own_size
from budgetfusion.diffusion.distilled import distillation
from budgetfusion.diffusion.loading import load_pipe
from budgetfusion.diffusion.names import source
from budgetfusion.errors import DeviceUnavailableError


@dataclass(frozen=True)
class Model:
    """A loaded diffusion model with its settings and the digest that names both.

    `distilled` says why it seems to be distilled to a few steps, if it does.
    """

    config: GenerationConfig
    pipe: Any  # one of diffusers' pipelines, which ship no types
    digest: str
    revision: str
    device: str
    distilled: str | None = None

    @property
    def width(self) -> int:
        """Width of its images, pixels."""
        return self.config.width or own_size(self.pipe)

    @property
    def height(self) -> int:
        """Height of its images, pixels."""
        return self.config.height or own_size(self.pipe)


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
    """Load a diffusion model with Euler's scheduler: linspace spacing (arXiv:2412.05780, section 3.1), or its own flow.

    Args:
        config: Which model, and how it is run.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
        text_only: Leave the denoiser and the decoder on the disk: enough to predict, not to generate.

    Raises:
        ModelUnavailableError: If it is not where `config.model` says, or cannot be reached.
        BudgetFusionError: If it is no model of ours; see `loading.load_pipe`.
    """
    found = source(config)
    chosen = choose_device(device)
    pipe = load_pipe(found, config.dtype, text_only=text_only)
    distilled = distillation(pipe, found.place)
    pipe.scheduler = euler(pipe.scheduler)
    pipe.set_progress_bar_config(disable=True)
    weights = weights_digest(found.path or found.place, pipe, found.revision)
    revision = scenes.NAME if config.model == "scenes" else found.revision or weights[:12]
    return Model(config, pipe.to(chosen), config.digest_for(weights), revision, chosen, distilled)


def euler(scheduler: Any) -> Any:
    """Return Euler's scheduler with a model's own noise: linspace spacing, or its own flow matching."""
    if type(scheduler).__name__.startswith("FlowMatch"):
        return FlowMatchEulerDiscreteScheduler.from_config(scheduler.config)
    return EulerDiscreteScheduler.from_config(scheduler.config, timestep_spacing="linspace")


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


def weights_digest(source: Path | str, pipe: Any, revision: str | None) -> str:
    """Return the sha256 of a folder's files, of a file, or of a hub model's id and commit (or its revision)."""
    folder = Path(source)
    if folder.is_file():
        with folder.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
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

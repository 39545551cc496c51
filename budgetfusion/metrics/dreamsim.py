"""DreamSim itself, through its own package; only the extra `dreamsim` brings it, and it brings torchvision."""

import sys
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from budgetfusion.errors import MissingExtraError
from budgetfusion.metrics import Features, Pixels
from budgetfusion.metrics.errors import EncoderUnavailableError

TYPE = "ensemble"
"""DINO, CLIP and OpenCLIP together, tuned with LoRA: the package's default; the paper does not name its own."""

_BATCH = 16


class DreamSim:
    """Features whose 1 - cosine is DreamSim.

    Args:
        device: Where it computes.

    Raises:
        MissingExtraError: If the package, or one that it needs, is not installed.
        EncoderUnavailableError: If its weights are neither in torch's hub folder nor to be fetched.

    Source:
        Fu et al. 2023, arXiv:2306.09344; Eq. 3 of arXiv:2412.05780.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self._model, self._prepare = _load(device)
        self.facts = {"dreamsim": f"{version('dreamsim')} {TYPE}"}  # the package's version names the weights

    @torch.inference_mode()
    def __call__(self, images: Pixels) -> Features:
        """Return the features of images, shape (images, 1792); it sees them at 224 x 224 pixels."""
        return np.concatenate([self._features(images[k : k + _BATCH]) for k in range(0, len(images), _BATCH)])

    def _features(self, images: Pixels) -> Features:
        pixels = torch.cat([self._prepare(Image.fromarray(image)) for image in images])
        found: Features = self._model.embed(pixels.to(self.device)).float().cpu().numpy()
        return found


def _load(device: str) -> tuple[Any, Any]:
    """Return the package's model, and what turns a picture into its input."""
    try:
        from dreamsim import dreamsim
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), "dreamsim") from error
    before = torch.hub.get_dir()
    folder = Path(before) / "dreamsim"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with redirect_stdout(sys.stderr):  # it tells of its downloads on standard output, which is for results
            model, prepare = dreamsim(pretrained=True, device=device, cache_dir=str(folder), dreamsim_type=TYPE)
    except OSError as error:
        raise EncoderUnavailableError("dreamsim", str(error).strip().splitlines()[0].rstrip(".")) from error
    finally:
        torch.hub.set_dir(before)  # it moves the folder of everybody
    return model, prepare

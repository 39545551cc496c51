"""What the judging networks of the embedded world look with: a small trunk of convolutions, and its files."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from budgetfusion.errors import FileContentError
from budgetfusion.files import replacing

SIDE = 64
"""Pixels of a picture on each side."""

FINE, COARSE = 16, 8
"""Places on each side of the trunk's two maps."""

Widths = tuple[int, int, int]
"""Channels of the maps of 32 x 32, 16 x 16 and 8 x 8 places."""

_GROUPS = 8


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut.

    Args:
        width: Channels in and out.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(*activated(width), _convolution(width, width), *activated(width))
        self.last = _convolution(width, width)

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the shape that came in, (batch, width, height, width)."""
        added: Tensor = self.last(self.body(maps))
        return maps + added


class Trunk(nn.Module):
    """Pictures to maps of features.

    Args:
        widths: Channels of the maps, multiples of 8.
    """

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        first, fine, coarse = widths
        self.fine = nn.Sequential(
            *(_convolution(3, first, stride=2), Residual(first)),
            *(_convolution(first, fine, stride=2), Residual(fine), Residual(fine)),
        )
        self.coarse = nn.Sequential(_convolution(fine, coarse, stride=2), Residual(coarse), *activated(coarse))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the fine map, (batch, fine, 16, 16), and the coarse one, (batch, coarse, 8, 8).

        Args:
            pixels: Shape (batch, 3, 64, 64), -1..1.
        """
        fine = self.fine(pixels)
        return fine, self.coarse(fine)


def activated(width: int) -> tuple[nn.Module, nn.Module]:
    """Make what stands before a convolution: a group norm and a SiLU of `width` channels."""
    return nn.GroupNorm(_GROUPS, width), nn.SiLU()


def to_pixels(images: NDArray[np.uint8], device: str) -> Tensor:
    """Return images as the trunk takes them, shape (images, 3, 64, 64), -1..1.

    Args:
        images: RGB, shape (images, height, width, 3), 0..255; resized to 64 x 64 if they have another size.
        device: Where the pixels shall be.
    """
    pixels = torch.from_numpy(np.ascontiguousarray(images)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    if pixels.shape[-2:] == (SIDE, SIDE):
        return pixels
    return nn.functional.interpolate(pixels, (SIDE, SIDE), mode="bicubic", antialias=True).clamp(-1, 1)


def to_images(pixels: Tensor) -> NDArray[np.uint8]:
    """Return pixels, shape (batch, 3, height, width), -1..1, as RGB images, shape (batch, height, width, 3), 0..255."""
    levels = ((pixels + 1) * 127.5).round().clamp(0, 255).byte()
    return levels.permute(0, 2, 3, 1).cpu().numpy()


def save_half(network: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    """Write a network's weights in half precision, all of them or none.

    Args:
        network: Of finite weights.
        path: The safetensors file.
        metadata: What is needed to build the network again.
    """
    tensors = {name: value.half().contiguous().cpu() for name, value in network.state_dict().items()}
    with replacing(path) as partial:
        save_file(tensors, partial, metadata=metadata)


def read_half(path: Path, what: str, keys: set[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """Read a file that `save_half` wrote.

    Args:
        path: The safetensors file.
        what: It should hold, for the message.
        keys: Of the metadata that it must have.

    Returns:
        The metadata, and the weights in single precision.

    Raises:
        FileContentError: If the file is missing or holds something else.
    """
    remedy = "Run `python -m budgetfusion.scenes.training` to make one."
    try:
        with safe_open(path, framework="pt") as file:
            metadata: dict[str, str] = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 -- not a dict
    except FileNotFoundError as error:
        raise FileContentError(path, "no file", what, remedy) from error
    except SafetensorError as error:
        raise FileContentError(path, "no safetensors", what, remedy) from error
    if not keys <= metadata.keys():
        raise FileContentError(path, "another network", what, remedy)
    return metadata, weights


def _convolution(before: int, after: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, stride, padding=1)

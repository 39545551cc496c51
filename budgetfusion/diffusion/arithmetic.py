"""How a round computes with a row of a schedule: as one fixed sum, or in diffusers' own order of operations."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from budgetfusion.diffusion.samplers import COLUMNS

Row = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Arithmetic:
    """What a round does with five numbers of each image.

    Attributes:
        idle: The numbers of a slot that has nothing to do: the latents stay.
        scaled: Latents (rows, channels, h, w) and their numbers (rows, 5) to what the denoiser sees.
        stride: Takes latents (images, channels, h, w) one step on, in place, by the guided output, their numbers
            (images, 5), and noise or none.
    """

    idle: Row
    scaled: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    stride: Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor | None], None]


def stride(x: torch.Tensor, output: torch.Tensor, step: torch.Tensor, noise: torch.Tensor | None) -> None:
    """Take latents (images, channels, h, w) one step on, in place; `step` holds each image's coefficients."""
    keep, take, stir = (broad(step[:, COLUMNS.index(name)]) for name in ("keep", "take", "stir"))
    x.mul_(keep).addcmul_(take, output)
    if noise is not None:
        x.addcmul_(stir, noise)


def broad(numbers: torch.Tensor) -> torch.Tensor:
    """Return one number of each image in the shape of its latents."""
    return numbers.view(-1, 1, 1, 1)


def _scaled(x: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    return x * broad(step[:, COLUMNS.index("input_scale")])


AFFINE = Arithmetic((0.0, 0.0, 1.0, 0.0, 0.0), _scaled, stride)
"""The numbers are those of `samplers.COLUMNS`."""

"""What the denoiser hears, encoded once.

What a row hears beside the states of its text (pooled text, the image's size, the guidance scale) lies behind them in
one flat vector, so that a slot holds one tensor whatever the kind of the denoiser.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import torch


class Heard(NamedTuple):
    """What one row hears: a text, or none in the row without it; and the guidance scale, where the denoiser is told."""

    text: str | None
    guidance_scale: float = 0.0


class Contexts:
    """The contexts of rows, one at a time so that none depends on its neighbours.

    Args:
        encode: Returns what one row hears, on the denoiser's device and of its dtype.
        kept: How many are kept.
    """

    def __init__(self, encode: Callable[[Heard], torch.Tensor], kept: int) -> None:
        self.of = lru_cache(maxsize=kept)(encode)

    def rows(self, heard: Sequence[Heard]) -> torch.Tensor:
        """Return what the rows of one image hear, shape (rows, ...)."""
        return torch.stack([self.of(one) for one in heard])


def laid(*several: torch.Tensor) -> torch.Tensor:
    """Lay tensors behind each other, flat."""
    return torch.cat([one.flatten() for one in several])


def parts(flat: torch.Tensor, width: int, *lengths: int) -> list[torch.Tensor]:
    """Take rows of flat contexts apart.

    Args:
        flat: Shape (rows, numbers).
        width: Of the states.
        lengths: Of what lies behind them.

    Returns:
        The states, shape (rows, tokens, width), and what lies behind them, each (rows, its length).
    """
    text, *others = flat.split([flat.shape[1] - sum(lengths), *lengths], dim=1)
    return [text.unflatten(1, (-1, width)), *others]

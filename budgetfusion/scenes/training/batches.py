"""Batches of captioned scenes, drawn as they are needed, and the buffer of encoded ones."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from budgetfusion.scenes.captions import sample_for_training
from budgetfusion.scenes.draw import Thing, arrange, render
from budgetfusion.scenes.grammar import Scene

_SIDE = 64  # pixels of a scene
_GRID = 4  # pixels; crops start at multiples, as the latents' cells do
_CROPS_PER_SCENE = 2


@dataclass(frozen=True)
class Batch:
    """Pictures, shape (batch, 3, 64, 64), -1..1, on the CPU; and the caption of each."""

    pixels: Tensor
    captions: list[str]


def sample_captions(count: int, seed: int) -> list[str]:
    """Return the captions of random scenes, without drawing them."""
    rng = random.Random(seed)  # noqa: S311 -- nothing secret is drawn
    return [sample_for_training(rng).caption for _ in range(count)]


class SceneBatches:
    """An endless supply of scenes from a generator of its own, which a checkpoint keeps; none of a held-out kind."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 -- nothing secret is drawn

    def draw(self, count: int, simple: float = 0.0) -> Batch:
        """Draw scenes.

        Args:
            count: How many.
            simple: Share of scenes forced to be one object, in [0, 1].
        """
        scenes = [sample_for_training(self.rng, simple) for _ in range(count)]
        images = np.stack([render(scene, self.rng) for scene in scenes])
        return Batch(_to_pixels(images), [scene.caption for scene in scenes])

    def arranged(self, count: int) -> list[tuple[Scene, list[Thing]]]:
        """Draw scenes with the places of their objects, without painting them."""
        scenes = [sample_for_training(self.rng) for _ in range(count)]
        return [(scene, arrange(scene, self.rng)) for scene in scenes]

    def crops(self, count: int, side: int) -> Tensor:
        """Cut squares out of scenes, two of each scene, shape (count, 3, side, side), -1..1."""
        whole = self.draw(-(-count // _CROPS_PER_SCENE)).pixels.repeat_interleave(_CROPS_PER_SCENE, dim=0)[:count]
        corners = [self.rng.randrange(0, _SIDE - side + 1, _GRID) for _ in range(2 * count)]
        pairs = zip(whole, corners[::2], corners[1::2], strict=True)
        return torch.stack([picture[:, y : y + side, x : x + side] for picture, y, x in pairs])

    def state_dict(self) -> dict[str, Any]:
        """Return the generator's state."""
        return {"rng": self.rng.getstate()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue where a state was taken."""
        version, internal, gauss = state["rng"]
        self.rng.setstate((version, tuple(internal), gauss))


class RotatingBuffer:
    """Encoded scenes; new ones take the place of the oldest.

    Args:
        size: How many scenes it holds.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.written = 0
        self.latents = torch.empty(0)
        self.tokens = torch.empty(0)

    def add(self, latents: Tensor, tokens: Tensor) -> None:
        """Put in scenes.

        Args:
            latents: Shape (scenes, channels, 16, 16), at most `size` scenes; kept in half precision.
            tokens: Shape (scenes, tokens), the captions' ids.
        """
        if not self.written:
            self.latents = latents.new_empty((self.size, *latents.shape[1:]), dtype=torch.float16)
            self.tokens = tokens.new_empty((self.size, *tokens.shape[1:]), dtype=torch.int16)
        places = ((torch.arange(len(latents)) + self.written) % self.size).to(latents.device)
        self.latents[places] = latents.half()
        self.tokens[places] = tokens.short()
        self.written += len(latents)

    def pick(self, count: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pick scenes at random, with repetition: float latents and integer tokens as they were put in."""
        held = min(self.written, self.size)
        places = torch.randint(held, (count,), generator=rng).to(self.latents.device)
        return self.latents[places].float(), self.tokens[places].long()

    def state_dict(self) -> dict[str, Any]:
        """Return what is held."""
        return {"written": self.written, "latents": self.latents, "tokens": self.tokens}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Hold what a state held; it stays on the state's device."""
        self.written, self.latents, self.tokens = state["written"], state["latents"], state["tokens"]


def _to_pixels(images: np.typing.NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(127.5).sub_(1).contiguous()

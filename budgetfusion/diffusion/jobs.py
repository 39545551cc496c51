"""A job (one image to make), its ticket (what the engine knows of it), and the picture that comes back."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from math import isfinite

import numpy as np
import torch
from numpy.typing import NDArray

from budgetfusion.diffusion.contexts import Heard
from budgetfusion.diffusion.errors import JobInvalidError, SizeMismatchError
from budgetfusion.diffusion.samplers import Schedule


@dataclass(frozen=True)
class Job:
    """One image: what it shows, its own number of steps, and the noise that it begins with.

    Attributes:
        prompt: The text.
        seed: Of the initial noise, 0 or more; the noise depends on nothing else.
        num_steps: Denoising steps, at least 1.
        guidance_scale: Classifier-free guidance; up to 1 means none, and half the rows. Flux is told it instead.
        width: Pixels; none is the engine's.
        height: Pixels; none is the engine's.
    """

    prompt: str
    seed: int
    num_steps: int
    guidance_scale: float = 7.5
    width: int | None = None
    height: int | None = None

    def check(self, size: tuple[int, int], max_steps: int) -> None:
        """Say what cannot be made.

        Args:
            size: Width and height of the engine's images, pixels.
            max_steps: The most steps that the scheduler has.

        Raises:
            JobInvalidError: If a field is of the wrong kind or out of its range.
            SizeMismatchError: If the image has another size.
        """
        if not isinstance(self.prompt, str):
            raise JobInvalidError(self.prompt, "prompt", self.prompt, "a text")
        if not 0 <= self.seed < 2**63:
            raise JobInvalidError(self.prompt, "seed", self.seed, "a whole number from 0 to 2^63 - 1")
        if not 1 <= self.num_steps <= max_steps:
            raise JobInvalidError(self.prompt, "num_steps", self.num_steps, f"a whole number from 1 to {max_steps}")
        if not (isfinite(self.guidance_scale) and self.guidance_scale >= 0):
            raise JobInvalidError(self.prompt, "guidance_scale", self.guidance_scale, "a finite number, 0 or more")
        found = (self.width or size[0], self.height or size[1])
        if found != size:
            raise SizeMismatchError(self.prompt, found, size)


@dataclass(frozen=True)
class Picture:
    """A finished image.

    Attributes:
        job: What was asked for.
        latents: Shape (channels, height / vae_scale_factor, width / vae_scale_factor), before the decoder.
        pixels: RGB, shape (height, width, 3), 0..255.
    """

    job: Job
    latents: NDArray[np.float32]
    pixels: NDArray[np.uint8]


@dataclass(eq=False)
class Ticket:
    """A job on its way: its promise, its schedule, what its rows hear, its own chance, and the rounds it still needs.

    The future stays pending until the picture is there, so that cancelling works at any time before.
    """

    job: Job
    future: Future[Picture] = field(default_factory=Future)
    schedule: Schedule | None = None
    heard: tuple[Heard, ...] = ()
    rng: torch.Generator | None = None
    remaining: int = 0

    @property
    def rows(self) -> int:
        """Rows of the denoiser's batch that this image takes: with guidance two, without and with the text."""
        return len(self.heard)

    @property
    def is_open(self) -> bool:
        """Whether somebody still waits for the picture."""
        return not self.future.done()

    def noise(self, shape: tuple[int, ...]) -> torch.Tensor:
        """Draw standard normal numbers on the CPU, as diffusers does for a generator of the image's own."""
        if self.rng is None:
            raise RuntimeError("the ticket was not prepared")
        return torch.randn(shape, generator=self.rng)

    def give(self, picture: Picture) -> None:
        """Keep the promise, unless it was called off."""
        if self.future.set_running_or_notify_cancel():
            self.future.set_result(picture)

    def fail(self, error: BaseException) -> None:
        """Say why there is no picture, unless nobody waits for it."""
        if self.is_open and self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)

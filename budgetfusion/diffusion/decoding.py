"""From finished latents to pixels, in small batches between the rounds."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from budgetfusion.diffusion.errors import LatentsNotFiniteError, MemoryExhaustedError
from budgetfusion.diffusion.jobs import Picture, Ticket

BATCH = 8


@dataclass(frozen=True)
class _Sent:
    """A decoded batch on its way to the host; `arrival` is none where it is there already."""

    tickets: list[Ticket]
    latents: torch.Tensor
    pixels: torch.Tensor
    are_finite: torch.Tensor
    arrival: Any  # torch.cuda.Event, which ships no types


class Decoder:
    """Decodes what is finished, and hands it over once it has reached the host, without holding up the rounds.

    Args:
        vae: The pipeline's autoencoder.
        is_static: Whether every batch has the same size, so that an image's bits do not depend on its neighbours.
        dtype: Name of the denoiser's dtype, for messages.
        say: Told what the user should know.
        batch: How many images are decoded together.
    """

    def __init__(
        self, vae: Any, *, is_static: bool, dtype: str, say: Callable[[str], None], batch: int = BATCH
    ) -> None:
        self._vae, self._is_static, self._dtype, self._say = vae, is_static, dtype, say
        self._batch = batch
        self._waiting: deque[tuple[Ticket, torch.Tensor]] = deque()
        self._sent: deque[_Sent] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be decoded or handed over."""
        return not self._waiting and not self._sent

    def add(self, finished: Iterable[tuple[Ticket, torch.Tensor]]) -> None:
        """Take tickets and their latents, shape (channels, h, w)."""
        self._waiting.extend(finished)

    def work(self, *, everything: bool) -> None:
        """Decode full batches, or all there is, and hand over what has arrived, or wait for all of it."""
        while len(self._waiting) >= (1 if everything else self._batch):
            batch = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
            self._try(batch)
        while self._sent and (everything or self._sent[0].arrival is None or self._sent[0].arrival.query()):
            self._deliver(self._sent.popleft())

    def _try(self, batch: list[tuple[Ticket, torch.Tensor]]) -> None:
        """Decode a batch; a failure is its own, and memory that runs out halves the batches."""
        try:
            self._sent.append(self._decode([ticket for ticket, _ in batch], torch.stack([x for _, x in batch])))
        except Exception as error:
            if not is_out_of_memory(error):
                _fail(batch, error)
            elif self._batch == 1:
                scale = 2 ** (len(self._vae.config.block_out_channels) - 1)
                height, width = (scale * length for length in batch[0][1].shape[1:])
                _fail(batch, MemoryExhaustedError(str(batch[0][1].device), width, height))
            else:
                self._say(f"out of memory decoding {self._batch} images at once; going on with {self._batch // 2}.")
                self._batch //= 2
                self._waiting.extendleft(reversed(batch))

    def _decode(self, tickets: list[Ticket], latents: torch.Tensor) -> _Sent:
        count = len(tickets)
        if self._is_static:
            latents = torch.cat([latents, latents[:1].expand(self._batch - count, -1, -1, -1)])
        scaled = _unscaled(self._vae.config, latents).to(self._vae.dtype)
        image = self._vae.decode(scaled, return_dict=False)[0][:count].float()
        pixels = ((image * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
        latents = latents[:count]
        are_finite = latents.isfinite().flatten(1).all(1)
        return _Sent(tickets, _to_host(latents), _to_host(pixels), _to_host(are_finite), _arrival(latents.device))

    def _deliver(self, sent: _Sent) -> None:
        if sent.arrival is not None:
            sent.arrival.synchronize()
        latents, pixels = sent.latents.numpy(), sent.pixels.numpy()
        for k, ticket in enumerate(sent.tickets):
            job = ticket.job
            if sent.are_finite[k]:
                ticket.give(Picture(job, latents[k], pixels[k]))
            else:
                ticket.fail(LatentsNotFiniteError(job.prompt, job.seed, job.num_steps, self._dtype))


def _unscaled(config: Any, latents: torch.Tensor) -> torch.Tensor:
    """Return latents as the autoencoder has them, from those of the denoiser, which are of the size of one."""
    scaled: torch.Tensor = latents / config.scaling_factor
    return scaled if config.get("shift_factor") is None else scaled + config.shift_factor


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether memory ran out, on whichever device."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def _to_host(tensor: torch.Tensor) -> torch.Tensor:
    """Begin a copy to the host, into memory that a GPU can write to on its own."""
    if tensor.device.type != "cuda":
        return tensor
    return torch.empty_like(tensor, device="cpu", pin_memory=True).copy_(tensor, non_blocking=True)


def _arrival(device: torch.device) -> Any:
    if device.type != "cuda":
        return None
    event = torch.cuda.Event()
    event.record()
    return event


def _fail(batch: list[tuple[Ticket, torch.Tensor]], error: Exception) -> None:
    for ticket, _ in batch:
        ticket.fail(error)

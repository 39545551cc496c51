"""The loop of the engine: fill the slots, take every image one step on, decode what is done."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import lru_cache, partial
from typing import Any

import torch

from budgetfusion.diffusion.arithmetic import AFFINE
from budgetfusion.diffusion.contexts import Contexts
from budgetfusion.diffusion.decoding import BATCH, Decoder, is_out_of_memory
from budgetfusion.diffusion.denoisers import denoiser
from budgetfusion.diffusion.errors import MemoryExhaustedError, PipelineUnsupportedError
from budgetfusion.diffusion.jobs import Ticket
from budgetfusion.diffusion.parity import arithmetic, euler_schedule, image_by_image, kernels
from budgetfusion.diffusion.sharing import FirstEvaluations
from budgetfusion.diffusion.slots import Reuse, Slots
from budgetfusion.diffusion.waiting import Waiting


class Loop:
    """The state of the denoising, driven by one thread at a time.

    Args:
        pipe: A diffusers pipeline of one of the kinds of `denoisers`.
        size: Width and height of the images, pixels.
        slots: Images in the largest batch.
        static: Always use the largest batch.
        share: Compute first evaluations that several images have in common once.
        say: Told what the user should know.
        reuse: Features of the denoiser to use again, if any.
        parity: Compute as `parity` says.
    """

    def __init__(
        self,
        pipe: Any,
        size: tuple[int, int],
        *,
        slots: int,
        static: bool,
        share: bool,
        say: Callable[[str], None],
        reuse: Reuse | None = None,
        parity: bool = False,
    ) -> None:
        self.slots, self._size, self._static, self._share, self._say = slots, size, static, share, say
        self._reuse = reuse
        self._denoiser = found = denoiser(pipe, size)
        self._network, self._device, self._dtype = found.network, found.network.device, found.network.dtype
        self._contexts, self._shape = Contexts(found.encode, found.kept), found.shape
        if reuse and found.denoise is not found.network:
            raise PipelineUnsupportedError(type(pipe).__name__, "its denoiser hears more than the states of one text")
        self._max_steps = pipe.scheduler.config.num_train_timesteps
        self._schedule = lru_cache(maxsize=None)(partial(euler_schedule, pipe.scheduler) if parity else found.schedule)
        self._parity, self._arithmetic = parity, arithmetic(pipe.scheduler) if parity else AFFINE
        self._is_stochastic = self._schedule(2).is_stochastic
        dtype, batch = str(self._dtype).removeprefix("torch."), 1 if parity else BATCH
        self._decoder = Decoder(found.vae, is_static=static, dtype=dtype, say=say, batch=batch)
        self._pools: dict[int, Slots] = {}  # by the rows of one image: those with guidance take two
        self._firsts: dict[int, FirstEvaluations] = {}
        self._rows_before = 0
        self._entering: Ticket | None = None
        if self._device.type == "cuda":  # NVIDIA's convolutions want channels last; a CPU's choose for themselves
            found.network.to(memory_format=torch.channels_last)
            found.vae.to(memory_format=torch.channels_last)

    @property
    def is_denoising(self) -> bool:
        """Whether any slot is taken."""
        return any(pool.tickets for pool in self._pools.values())

    @property
    def is_idle(self) -> bool:
        """Whether no image is anywhere between noise and pixels."""
        return not self.is_denoising and self._decoder.is_idle

    @property
    def rows_evaluated(self) -> int:
        """Rows that the denoiser was asked about so far, those of empty slots included."""
        now = sum(pool.rows_evaluated for pool in self._pools.values())
        return self._rows_before + now + sum(first.rows_evaluated for first in self._firsts.values())

    def accepts(self, ticket: Ticket) -> bool:
        """Check a job and look up its schedule; a job that cannot be made fails here."""
        try:
            ticket.job.check(self._size, self._max_steps)
            ticket.schedule = self._schedule(ticket.job.num_steps)
            ticket.heard = self._denoiser.heard(ticket.job.prompt, ticket.job.guidance_scale)
        except Exception as error:
            ticket.fail(error)
        return ticket.is_open

    def expect(self, tickets: Iterable[Ticket]) -> None:
        """Hear who will come, so that what they share is kept until the last of them."""
        if self._share:
            for ticket in tickets:
                self._firsts_of(ticket.rows).expect(ticket)

    @torch.inference_mode()
    def turn(self, waiting: Waiting, *, serving: bool) -> None:
        """Fill free slots, take every image one step on, decode; serving, nothing finished waits for company."""
        with kernels() if self._parity else nullcontext():
            self._turn(waiting, serving=serving)

    def _turn(self, waiting: Waiting, *, serving: bool) -> None:
        try:
            self._admit(waiting)
            for rows, pool in self._pools.items():
                with image_by_image(self._network, rows) if self._parity else nullcontext():
                    self._decoder.add(pool.round())
        except Exception as error:
            self._recover(error, waiting)
        is_last = not (waiting or self.is_denoising)
        self._decoder.work(everything=serving or is_last)
        if is_last:
            self._forget()

    def _forget(self) -> None:
        """Drop what cancelled images would have shared."""
        self._rows_before += sum(first.rows_evaluated for first in self._firsts.values())
        self._firsts.clear()

    def _admit(self, waiting: Waiting) -> None:
        has_place = True
        while has_place and (ticket := waiting.take()) is not None:
            self._entering = ticket  # from here on it is in nobody else's hands
            has_place = self._pool_of(ticket.rows).has_place
            if has_place:
                self._try(ticket, waiting)
            else:
                waiting.put_back([ticket])
            self._entering = None

    def _try(self, ticket: Ticket, waiting: Waiting) -> None:
        """Let an image in; it fails alone, unless memory ran out."""
        try:
            self._enter(ticket, waiting)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            ticket.fail(error)

    def _enter(self, ticket: Ticket, waiting: Waiting) -> None:
        """Draw an image's noise, take its first step if that is shared, and put it into a slot if any step is left."""
        job, found = ticket.job, self._schedule(ticket.job.num_steps)
        ticket.rng, ticket.remaining = torch.Generator().manual_seed(job.seed), found.num_steps
        latents = self._sent(ticket.noise((1, *self._shape))[0] * found.noise_scale)
        if self._share:
            ahead = [other for other in waiting.ahead(2 * self.slots) if other.rows == ticket.rows]
            most = ticket.rows * self.slots
            latents = self._firsts_of(ticket.rows).step(ticket, latents, ahead, most, padded=self._static)
            ticket.remaining -= 1
        if ticket.remaining == 0:
            self._decoder.add([(ticket, latents)])
        else:
            self._pool_of(ticket.rows).admit(ticket, latents, self._contexts.rows(ticket.heard))

    def _sent(self, tensor: torch.Tensor) -> torch.Tensor:
        """Send a tensor to the device; from pinned memory a GPU fetches it without holding up the host."""
        pinned = tensor.pin_memory() if self._device.type == "cuda" else tensor
        return pinned.to(self._device, non_blocking=True)

    def _pool_of(self, rows: int) -> Slots:
        if rows not in self._pools:
            self._pools[rows] = Slots(
                self._denoiser.denoise,
                shape=self._shape,
                context=self._denoiser.context,
                rows=rows,
                buckets=_buckets(self.slots, static=self._static, device=self._device),
                max_steps=self._max_steps,
                device=self._device,
                dtype=self._dtype,
                is_stochastic=self._is_stochastic,
                reuse=self._reuse,
                arithmetic=self._arithmetic,
            )
        return self._pools[rows]

    def _firsts_of(self, rows: int) -> FirstEvaluations:
        if rows not in self._firsts:
            ask = self._denoiser.denoise
            self._firsts[rows] = FirstEvaluations(ask, self._contexts, self._shape, self._device, self._dtype)
        return self._firsts[rows]

    def _recover(self, error: Exception, waiting: Waiting) -> None:
        """Halve the slots if memory ran out, and begin the images that were in them again; else give these up."""
        unlucky = [self._entering] if self._entering else []
        unlucky += [ticket for pool in self._pools.values() for ticket in pool.tickets]
        self._entering = None
        self._rows_before += sum(pool.rows_evaluated for pool in self._pools.values())
        self._pools.clear()
        if is_out_of_memory(error) and self.slots > 1:
            self._say(f"out of memory with {self.slots} slots; going on with {self.slots // 2}.")
            self.slots //= 2
            waiting.put_back(unlucky)
        else:
            told = MemoryExhaustedError(str(self._device), *self._size) if is_out_of_memory(error) else error
            for ticket in unlucky:
                ticket.fail(told)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _buckets(slots: int, *, static: bool, device: torch.device) -> Sequence[int]:
    """Return the batch sizes that a round may have: on a GPU few, as each is a recorded graph."""
    if static:
        return [slots]
    if device.type == "cuda":
        return sorted({*(2**k for k in range(slots.bit_length()) if 2**k < slots), slots})
    return range(1, slots + 1)

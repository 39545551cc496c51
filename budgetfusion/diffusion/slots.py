"""Slots: images at different steps of different schedules, denoised together in one batch.

All state lies on the device at fixed addresses. The host knows every step count beforehand, so it knows which image
ends in which round, and nothing is ever read back.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch

from budgetfusion.diffusion.arithmetic import AFFINE, Arithmetic, broad
from budgetfusion.diffusion.jobs import Ticket
from budgetfusion.diffusion.rounds import Round, prepare
from budgetfusion.diffusion.samplers import COLUMNS, Schedule


class Denoiser(Protocol):
    """A network: rows of latents (rows, channels, h, w), their timesteps (rows) and what they hear (rows, ...)."""

    def __call__(
        self, x: torch.Tensor, t: torch.Tensor, *, encoder_hidden_states: torch.Tensor, return_dict: bool
    ) -> Any:
        """Return a tuple whose first is the prediction, of the latents' shape."""


class Reuse(Protocol):
    """Features of a denoiser that are computed in every `interval`-th round and used again in those between."""

    @property
    def interval(self) -> int:
        """Rounds from one in which they are computed to the next."""

    def shape(self, unet: Any, latents: tuple[int, int, int]) -> tuple[int, ...]:
        """Return the shape of one row's features for latents of a shape (channels, height, width)."""

    def denoiser(self, unet: Any, kept: torch.Tensor, *, is_full: bool) -> Denoiser:
        """Return a denoiser that writes its features to `kept`, shape (rows, *shape), or reads them there."""


class Slots:
    """A fixed number of places for images that all take the same number of rows.

    Args:
        denoise: The denoiser.
        shape: Of one image's latents: channels, height, width.
        context: Shape of what one row hears, such as tokens and width of its text's states.
        rows: Rows of one image: 2 with guidance, 1 without.
        buckets: The batch sizes, in images, that a round may have; the largest is the number of slots.
        max_steps: The longest schedule.
        device: Where everything lies.
        dtype: Of the denoiser; latents are float32 whatever it is.
        is_stochastic: Whether the sampler adds noise.
        prepare_round: See `rounds.prepare`.
        reuse: Features to use again; then images enter only where a cycle of its rounds begins, so that all are in the
            same phase of theirs.
        arithmetic: How a round computes with the numbers of a schedule.
    """

    def __init__(
        self,
        denoise: Denoiser,
        *,
        shape: tuple[int, int, int],
        context: tuple[int, ...],
        rows: int,
        buckets: Sequence[int],
        max_steps: int,
        device: torch.device,
        dtype: torch.dtype,
        is_stochastic: bool,
        prepare_round: Callable[[Round, torch.device, Sequence[torch.Tensor]], Round] = prepare,
        reuse: Reuse | None = None,
        arithmetic: Arithmetic = AFFINE,
    ) -> None:
        count = max(buckets)
        self.tickets: list[Ticket] = []
        self.rows_evaluated = 0
        self._denoise, self._rows, self._dtype, self._device = denoise, rows, dtype, device
        self._buckets, self._prepare_round = sorted(buckets), prepare_round
        self._rounds: dict[tuple[int, bool], Round] = {}
        self._reuse, self._phase, self._arithmetic = reuse, 0, arithmetic
        self._tables: dict[int, torch.Tensor] = {}
        self._idle = torch.tensor(arithmetic.idle).repeat(max_steps + 1, 1)
        with torch.device(device):
            self._latents = torch.zeros(count, *shape)
            self._noise = torch.zeros(count, *shape) if is_stochastic else None
            self._contexts = torch.zeros(count, rows, *context, dtype=dtype)
            self._table = self._idle.to(device).repeat(count, 1, 1)
            self._index = torch.zeros(count, dtype=torch.long)
            self._guidance = torch.ones(count)
            self._places = torch.arange(count)
            self._kept = torch.zeros(count, rows, *reuse.shape(denoise, shape), dtype=dtype) if reuse else None

    @property
    def has_place(self) -> bool:
        """Whether another image fits, now."""
        return len(self.tickets) < self._buckets[-1] and self._phase == 0

    def admit(self, ticket: Ticket, latents: torch.Tensor, context: torch.Tensor) -> None:
        """Put an image into the next free slot.

        Args:
            ticket: Prepared, with at least one step remaining.
            latents: Before its next step, shape (channels, height, width).
            context: What its rows hear, shape (rows, ...).
        """
        assert ticket.schedule is not None  # noqa: S101 - for the type checker; the engine prepares each ticket
        place = len(self.tickets)
        self.tickets.append(ticket)
        self._latents[place].copy_(latents, non_blocking=True)
        self._contexts[place].copy_(context, non_blocking=True)
        self._table[place].copy_(self._table_of(ticket.schedule), non_blocking=True)
        self._index[place].fill_(ticket.schedule.num_steps - ticket.remaining)
        self._guidance[place].fill_(ticket.job.guidance_scale)

    def round(self) -> list[tuple[Ticket, torch.Tensor]]:
        """Take every image one step on, and return those that are done, with their latents; their slots are free."""
        self._drop_cancelled()
        if not self.tickets:
            self._phase = 0
            return []
        bucket = next(size for size in self._buckets if size >= len(self.tickets))
        if self._noise is not None:
            self._draw(self._noise)
        self._round_of(bucket, self._phase == 0)()
        self.rows_evaluated += bucket * self._rows
        done = self._finished()
        self._phase = (self._phase + 1) % self._reuse.interval if self._reuse and self.tickets else 0
        return done

    def _finished(self) -> list[tuple[Ticket, torch.Tensor]]:
        done = []
        for place in reversed(range(len(self.tickets))):  # from the end, so that what moves was looked at
            ticket = self.tickets[place]
            ticket.remaining -= 1
            if ticket.remaining == 0:
                done.append((ticket, self._latents[place].clone()))
                self._free(place)
        return done[::-1]

    def _drop_cancelled(self) -> None:
        for place in reversed(range(len(self.tickets))):
            if not self.tickets[place].is_open:
                self._free(place)

    def _free(self, place: int) -> None:
        """Move the last image into a slot that is free now, so that a round may stop after the last."""
        last = len(self.tickets) - 1
        if place != last:
            for tensor in (self._latents, self._contexts, self._table, self._index, self._guidance, self._kept):
                if tensor is not None:
                    tensor[place].copy_(tensor[last])
        self.tickets[place] = self.tickets[last]
        self.tickets.pop()

    def _draw(self, noise: torch.Tensor) -> None:
        for place, ticket in enumerate(self.tickets):
            noise[place].copy_(ticket.noise((1, *noise.shape[1:]))[0], non_blocking=True)

    def _table_of(self, schedule: Schedule) -> torch.Tensor:
        """Return a schedule as coefficients for every index, idle after its last step; kept on the device."""
        found = self._tables.get(schedule.num_steps)
        if found is None:
            found = self._idle.clone()
            found[: schedule.num_steps] = torch.from_numpy(schedule.table)
            found = self._tables[schedule.num_steps] = found.to(self._device)
        return found

    def _round_of(self, bucket: int, is_full: bool) -> Round:
        if (bucket, is_full) not in self._rounds:
            changed = (self._latents, self._index, *([self._kept] if self._kept is not None else []))
            advance = partial(self._advance, bucket, is_full)
            self._rounds[bucket, is_full] = self._prepare_round(advance, self._device, changed)
        return self._rounds[bucket, is_full]

    def _denoiser(self, bucket: int, is_full: bool) -> Denoiser:
        if self._reuse is None or self._kept is None:
            return self._denoise
        return self._reuse.denoiser(self._denoise, self._kept[:bucket].flatten(0, 1), is_full=is_full)

    def _advance(self, bucket: int, is_full: bool) -> None:
        """Take the first `bucket` slots one step on."""
        latents, index = self._latents[:bucket], self._index[:bucket]
        step = self._table[self._places[:bucket], index]  # (bucket, 5)
        predicted = evaluate(
            self._denoiser(bucket, is_full),
            latents.repeat_interleave(self._rows, 0),
            step.repeat_interleave(self._rows, 0),
            self._contexts[:bucket].flatten(0, 1),
            self._dtype,
            self._arithmetic,
        )
        output = guided(predicted.unflatten(0, (bucket, self._rows)), self._guidance[:bucket])
        self._arithmetic.stride(latents, output, step, self._noise[:bucket] if self._noise is not None else None)
        index.add_(1).clamp_(max=self._table.shape[1] - 1)


def evaluate(
    denoise: Denoiser,
    x: torch.Tensor,
    step: torch.Tensor,
    contexts: torch.Tensor,
    dtype: torch.dtype,
    arithmetic: Arithmetic = AFFINE,
) -> torch.Tensor:
    """Ask the denoiser about rows of latents, each at its own step.

    Args:
        denoise: The denoiser.
        x: Shape (rows, channels, h, w), float32.
        step: Coefficients, shape (rows, 5).
        contexts: What they hear, shape (rows, ...), of the denoiser's dtype.
        dtype: The denoiser's.
        arithmetic: See `Slots`.

    Returns:
        Its predictions in float32, of the shape of `x`.
    """
    timestep, scaled = step[:, COLUMNS.index("timestep")], arithmetic.scaled(x, step).to(dtype)
    predicted: torch.Tensor = denoise(scaled, timestep, encoder_hidden_states=contexts, return_dict=False)[0]
    return predicted.float()


def guided(predicted: torch.Tensor, guidance: torch.Tensor) -> torch.Tensor:
    """Combine an image's rows: u + g (c - u) of (images, 2, ...), or the only row of (images, 1, ...).

    Source:
        Ho and Salimans, arXiv:2207.12598, in the form that diffusers computes.
    """
    if predicted.shape[1] == 1:
        return predicted[:, 0]
    without, with_text = predicted.unbind(1)
    return without + broad(guidance) * (with_text - without)

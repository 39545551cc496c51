"""First evaluations that are the same for several images, computed once.

Before its first step an image's latents depend on its seed and its schedule's start alone. Where the starts of several
step counts are equal (with linspace spacing those of any two steps or more), they share their first prediction with the
text; and all prompts of a seed share the one without. Nothing is approximated: what differs in any bit of its input is
computed for itself.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import torch

from budgetfusion.diffusion.arithmetic import stride
from budgetfusion.diffusion.contexts import Contexts, Heard
from budgetfusion.diffusion.jobs import Ticket
from budgetfusion.diffusion.slots import Denoiser, evaluate, guided

Key = tuple[Heard, int, tuple[float, float, float]]
"""What a row hears, seed and start of the schedule: all that a first prediction depends on."""


class FirstEvaluations:
    """First predictions of the denoiser, kept while somebody still needs them.

    Args:
        denoise: The denoiser.
        contexts: What rows hear.
        shape: Of one image's latents: channels, height, width.
        device: Where everything lies.
        dtype: Of the denoiser.
    """

    def __init__(
        self,
        denoise: Denoiser,
        contexts: Contexts,
        shape: tuple[int, int, int],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.rows_evaluated = 0
        self._denoise, self._contexts, self._shape = denoise, contexts, shape
        self._device, self._dtype = device, dtype
        self._uses: Counter[Key] = Counter()
        self._found: dict[Key, torch.Tensor] = {}

    def expect(self, ticket: Ticket) -> None:
        """Hear who will come, so that what is shared is kept until the last of them."""
        self._uses.update(_keys(ticket))

    def step(
        self, ticket: Ticket, latents: torch.Tensor, ahead: Iterable[Ticket], batch_rows: int, *, padded: bool
    ) -> torch.Tensor:
        """Return an image's latents after its first step.

        Args:
            ticket: Of the image.
            latents: Before the step, shape (channels, h, w), on the device.
            ahead: Who comes next; what they lack is computed in the same call.
            batch_rows: The most rows of one call.
            padded: Whether each call has exactly that many, so that bits do not depend on how many there are.
        """
        keys = _keys(ticket)
        lacking = [key for key in keys if key not in self._found]
        if lacking:
            later = (key for other in ahead for key in _keys(other) if key not in self._found)
            self._evaluate(_first(batch_rows, [*lacking, *later]), batch_rows if padded else 0)
        predicted = torch.stack([self._use(key) for key in keys])[None]
        assert ticket.schedule is not None  # noqa: S101 - for the type checker; `_keys` has used it
        step = torch.from_numpy(ticket.schedule.table[:1]).float().to(self._device, non_blocking=True)
        guidance = torch.full((1,), ticket.job.guidance_scale, device=self._device)
        noise = ticket.noise((1, *self._shape)).to(self._device) if ticket.schedule.is_stochastic else None
        moved = latents[None].clone()
        stride(moved, guided(predicted, guidance), step, noise)
        return moved[0]

    def _use(self, key: Key) -> torch.Tensor:
        self._uses[key] -= 1
        if self._uses[key] > 0:
            return self._found[key]
        del self._uses[key]
        return self._found.pop(key)

    def _evaluate(self, keys: Sequence[Key], padded_rows: int) -> None:
        every = [*keys, *[keys[0]] * (padded_rows - len(keys))]
        x = torch.stack([_noise(seed, self._shape) * start[2] for _, seed, start in every])
        step = torch.tensor([[*start[:2], 0.0, 0.0, 0.0] for _, _, start in every])
        contexts = torch.stack([self._contexts.of(heard) for heard, _, _ in every])
        predicted = evaluate(self._denoise, x.to(self._device), step.to(self._device), contexts, self._dtype)
        self._found |= {key: row.clone() for key, row in zip(keys, predicted, strict=False)}
        self.rows_evaluated += len(every)


def _keys(ticket: Ticket) -> list[Key]:
    """Return what an image's first step needs, in the order of its rows."""
    assert ticket.schedule is not None  # noqa: S101 - for the type checker; the engine accepts no ticket without
    return [(heard, ticket.job.seed, ticket.schedule.start) for heard in ticket.heard]


def _first(count: int, keys: Iterable[Key]) -> list[Key]:
    return list(dict.fromkeys(keys))[:count]


def _noise(seed: int, shape: tuple[int, int, int]) -> torch.Tensor:
    return torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed))[0]

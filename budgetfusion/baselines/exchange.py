"""How the devices of DistriFusion hear of each other: all of them emulated here, or one in each process."""

from collections.abc import Callable
from typing import Protocol

import torch
import torch.distributed as dist

Arriving = Callable[[], torch.Tensor]
"""Waits for values that were sent, and returns those of all patches, shape (patches, ...)."""


class Exchange(Protocol):
    """Of all `patches`, those from `first` on, `held` in number, are computed here."""

    patches: int
    first: int
    held: int

    def gather(self, own: torch.Tensor) -> Arriving:
        """Begin to send the values of the patches held here, shape (held, ...), to everybody."""


class InProcess:
    """All patches are held here, as if on devices of their own; nothing needs to be sent."""

    def __init__(self, patches: int) -> None:
        self.patches, self.first, self.held = patches, 0, patches

    def gather(self, own: torch.Tensor) -> Arriving:
        """Return what was given."""
        return lambda: own


class AcrossProcesses:
    """One patch in each process of torch.distributed's default group, which must exist (`join`)."""

    def __init__(self) -> None:
        self.patches, self.first, self.held = dist.get_world_size(), dist.get_rank(), 1

    def gather(self, own: torch.Tensor) -> Arriving:
        """Send while the next layers compute; only who needs the values waits for them."""
        parts = [torch.empty_like(own, memory_format=torch.contiguous_format) for _ in range(self.patches)]
        work = dist.all_gather(parts, own.contiguous(), async_op=True)

        def arriving() -> torch.Tensor:
            work.wait()
            return torch.cat(parts)

        return arriving


def join(device: torch.device) -> AcrossProcesses:
    """Join the process group that `torchrun` describes in the environment: NCCL between GPUs, else Gloo.

    Args:
        device: Where this process computes.
    """
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return AcrossProcesses()


class Displaced:
    """What one layer hears of all patches: fresh while warming up, then what they said one step before.

    Args:
        exchange: How patches are sent.
        is_fresh: Asked at each call whether to wait for the values of this step.
    """

    def __init__(self, exchange: Exchange, is_fresh: Callable[[], bool]) -> None:
        self.exchange, self._is_fresh = exchange, is_fresh
        self._before: Arriving | None = None

    def of_all(self, own: torch.Tensor) -> torch.Tensor:
        """Send the values of the patches held here, (held, ...), and return those of all, (patches, ...)."""
        arriving, before = self.exchange.gather(own), self._before
        self._before = arriving
        if before is not None and not self._is_fresh():
            return before()
        every = arriving()
        self._before = lambda: every
        return every

    def seen_by_each(self, own: torch.Tensor) -> torch.Tensor:
        """Return what each patch held here sees, shape (held, patches, ...): itself as it is now, and `of_all` else."""
        exchange = self.exchange
        seen = self.of_all(own)[None].repeat(exchange.held, *[1] * own.ndim)
        for k in range(exchange.held):
            seen[k, exchange.first + k] = own[k]
        return seen

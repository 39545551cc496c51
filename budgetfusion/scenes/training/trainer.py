"""The optimiser's loop: steps counted, averages kept, everything that matters in one checkpoint."""

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from budgetfusion.files import replacing
from budgetfusion.scenes.training.batches import SceneBatches
from budgetfusion.scenes.training.interruption import Interruption
from budgetfusion.scenes.training.progress import progress_bar
from budgetfusion.scenes.training.settings import Schedule
from budgetfusion.scenes.training.shards import Loss, backward

Network = TypeVar("Network", bound=nn.Module)
_MAX_GRADIENT_NORM = 1.0


class Stateful(Protocol):
    """Anything whose state a checkpoint can hold."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state, of tensors and plain Python values."""

    def load_state_dict(self, state: Mapping[str, Any], /) -> Any:
        """Take a state over."""


class Trainer:
    """Networks on their way, with their averages, their optimiser and every source of chance.

    The chance is drawn on the CPU whatever the device, and the schedule counts steps, not seconds: a training that was
    interrupted and resumed takes the same steps as one that was not.

    Args:
        schedule: Steps, rates and the seed.
        networks: What is trained, by name, already on its device.
        rates: Learning rate of a network as a share of the schedule's; 1 where it is not named.
    """

    def __init__(
        self, schedule: Schedule, networks: dict[str, nn.Module], rates: Mapping[str, float] | None = None
    ) -> None:
        self.schedule = schedule
        self.networks = networks
        self.averages = {name: copy.deepcopy(network).requires_grad_(False) for name, network in networks.items()}
        self.scenes = SceneBatches(schedule.seed)
        self.rng = torch.Generator().manual_seed(schedule.seed)
        self.step = 0
        self.losses: list[float] = []
        shares = rates or {}
        groups = [{"params": list(net.parameters()), "share": shares.get(name, 1.0)} for name, net in networks.items()]
        self.optimizer = torch.optim.AdamW(
            groups, lr=0.0, betas=schedule.betas, weight_decay=schedule.weight_decay, fused=True
        )
        self._parts: dict[str, Any] = {"scenes": self.scenes, "optimizer": self.optimizer}
        for name in networks:
            self.keep(name, networks[name])
            self.keep(f"{name} average", self.averages[name])

    @property
    def progress(self) -> float:
        """Share of the steps that are done, in [0, 1]."""
        return self.step / self.schedule.steps

    def keep(self, name: str, part: Stateful) -> None:
        """Have checkpoints hold one more part."""
        self._parts[name] = part

    def advance(self, *losses: Loss) -> None:
        """Take one step down the sum of some losses; with more than one, each is computed in a thread of its own."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.schedule, self.step) * group["share"]
        self.optimizer.zero_grad()
        total = backward(losses)
        parameters = [p for network in self.networks.values() for p in network.parameters()]
        nn.utils.clip_grad_norm_(parameters, _MAX_GRADIENT_NORM)
        self.optimizer.step()
        self._average()
        self.step += 1
        self.losses.append(total)

    def save(self, checkpoint: Path) -> None:
        """Write the whole state, all of it or none."""
        state = {name: part.state_dict() for name, part in self._parts.items()}
        state["trainer"] = {"step": self.step, "losses": self.losses, "rng": self.rng.get_state()}
        with replacing(checkpoint) as partial:
            torch.save(state, partial)

    def resume(self, checkpoint: Path, device: torch.device) -> bool:
        """Take over the state of a checkpoint, and say whether there was one."""
        if not checkpoint.exists():
            return False
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        for name, part in self._parts.items():
            part.load_state_dict(state[name])
        self.step, self.losses = state["trainer"]["step"], state["trainer"]["losses"]
        self.rng.set_state(state["trainer"]["rng"].cpu())
        return True

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.schedule.ema, (1 + self.step) / (10 + self.step))
        for name, network in self.networks.items():
            averaged: list[Tensor] = list(self.averages[name].parameters())
            torch._foreach_lerp_(averaged, [p.detach() for p in network.parameters()], 1 - decay)


def learning_rate(schedule: Schedule, step: int) -> float:
    """Return the learning rate of a step: a linear warm-up, the peak, and half a cosine down to the floor."""
    falling = max(0.0, 1 - (1 - step / schedule.steps) / schedule.decay)
    cosine = 0.5 * (1 + math.cos(math.pi * falling))
    warmup = min(1.0, (step + 1) / schedule.warmup)
    return schedule.learning_rate * warmup * (cosine * (1 - schedule.floor) + schedule.floor)


def fit(
    trainer: Trainer, losses_of_step: Callable[[], Sequence[Loss]], checkpoint: Path, *, label: str, minutes: float
) -> None:
    """Take the steps that are left, showing progress and leaving checkpoints.

    Args:
        trainer: What is trained.
        losses_of_step: Draws a batch and returns what computes the loss of each of its parts.
        checkpoint: Where the state is kept: at intervals, when interrupted, and at the end.
        label: What the progress bar says.
        minutes: Interval of the checkpoints; 0 keeps one after every step.

    Raises:
        KeyboardInterrupt: If it was interrupted, after a checkpoint.
    """
    saved = time.monotonic()
    with Interruption() as interruption, progress_bar(label, trainer.schedule, trainer.step) as show:
        while trainer.step < trainer.schedule.steps:
            trainer.advance(*losses_of_step())
            show(trainer.step, trainer.losses[-1])
            stopping = interruption.requested
            if stopping or time.monotonic() - saved >= 60 * minutes:
                trainer.save(checkpoint)
                saved = time.monotonic()
            if stopping:
                raise KeyboardInterrupt
    trainer.save(checkpoint)

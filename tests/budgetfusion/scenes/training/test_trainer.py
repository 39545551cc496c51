"""One step of the optimiser, and the rate at which it is taken."""

from pathlib import Path

import pytest
import torch
from torch import nn

from budgetfusion.scenes.training.settings import FULL, Schedule, full_for
from budgetfusion.scenes.training.trainer import Trainer, learning_rate

SCHEDULE = Schedule(steps=100, batch=4, learning_rate=0.1, warmup=10, betas=(0.9, 0.99), weight_decay=0.0, ema=0.9)


def test_the_rate_warms_up_and_falls_to_the_floor() -> None:
    """A tenth of the peak at first, the peak's neighbourhood after the warm-up, half a percent in the end."""
    rates = [learning_rate(SCHEDULE, step) for step in range(101)]

    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == rates[9] == pytest.approx(0.098, abs=1e-3)
    assert rates[100] == pytest.approx(0.1 * 0.005)


def test_time_scales_the_steps_and_nothing_else() -> None:
    """Half the nominal time, half the steps of every stage."""
    half = full_for(90)

    assert half.unet.schedule.steps * 2 == FULL.unet.schedule.steps
    assert half.vae.schedule.steps * 2 == FULL.vae.schedule.steps
    assert half.clip.schedule.batch == FULL.clip.schedule.batch
    assert full_for(180) == FULL


def test_a_step_goes_down_and_the_average_follows() -> None:
    """Minimising x squared from 1: the weight falls, its average lags behind."""
    trainer = _trainer()
    for _ in range(20):
        trainer.advance(_loss(trainer))
    weight, average = (networks["line"].weight.item() for networks in (trainer.networks, trainer.averages))

    assert weight < average < 1
    assert trainer.losses[-1] < trainer.losses[0] == 1
    assert trainer.progress == 0.2


def test_a_network_can_learn_more_slowly() -> None:
    """With a rate of 0 it does not learn at all."""
    trainer = Trainer(SCHEDULE, {"line": _line()}, rates={"line": 0.0})
    trainer.advance(_loss(trainer))

    assert trainer.networks["line"].weight.item() == 1


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    """Weights, averages, optimiser, both sources of chance, steps and losses."""
    trainer, resumed = _trainer(), _trainer()
    for _ in range(3):
        trainer.advance(_loss(trainer))
        trainer.scenes.draw(1)
        torch.rand(1, generator=trainer.rng)
    trainer.save(tmp_path / "checkpoint.pt")
    assert resumed.resume(tmp_path / "checkpoint.pt", torch.device("cpu"))
    for each in (trainer, resumed):
        each.advance(_loss(each))

    assert resumed.losses == trainer.losses
    assert resumed.networks["line"].weight.item() == trainer.networks["line"].weight.item()
    assert resumed.scenes.draw(2).captions == trainer.scenes.draw(2).captions
    assert torch.rand(1, generator=resumed.rng) == torch.rand(1, generator=trainer.rng)


def test_without_a_checkpoint_there_is_nothing_to_resume(tmp_path: Path) -> None:
    """The training begins."""
    assert not _trainer().resume(tmp_path / "none.pt", torch.device("cpu"))


def _line() -> nn.Linear:
    line = nn.Linear(1, 1, bias=False)
    nn.init.ones_(line.weight)
    return line


def _trainer() -> Trainer:
    return Trainer(SCHEDULE, {"line": _line()})


def _loss(trainer: Trainer) -> torch.Tensor:
    return trainer.networks["line"](torch.ones(1, 1)).square().mean()

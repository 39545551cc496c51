"""One step of the optimiser, and the rate at which it is taken."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from budgetfusion.scenes.training.settings import FULL, Schedule, full_for
from budgetfusion.scenes.training.shards import Loss
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


def test_a_rate_can_stay_at_its_peak() -> None:
    """With a decay of 0.3 it falls over the last 30 of 100 steps."""
    rates = [learning_rate(replace(SCHEDULE, decay=0.3), step) for step in range(101)]

    assert set(rates[9:71]) == {0.1}
    assert rates[70] > rates[71] > rates[100] == pytest.approx(0.1 * 0.005)


def test_parts_of_a_batch_make_the_same_step_as_the_whole() -> None:
    """Two halves, each in its thread, add up to the loss and the weight of one."""
    whole, halves = _trainer(), _trainer()
    for _ in range(5):
        whole.advance(_loss(whole))
        halves.advance(_loss(halves, 0.5), _loss(halves, 0.5))

    assert halves.losses == whole.losses
    assert halves.networks["line"].weight.item() == whole.networks["line"].weight.item()


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


def _loss(trainer: Trainer, share: float = 1.0) -> Loss:
    return lambda: trainer.networks["line"](torch.ones(1, 1)).square().mean() * share

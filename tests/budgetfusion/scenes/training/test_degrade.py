"""Spoilt pictures are pictures still."""

import random

import pytest
import torch
from torch import Tensor

from budgetfusion.scenes.training.degrade import degrade
from budgetfusion.scenes.training.labels import labelled


@pytest.fixture(scope="module")
def pixels() -> Tensor:
    """Sixteen scenes."""
    return labelled(random.Random(1), 16).pixels  # noqa: S311 -- nothing secret is drawn


def _rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_spoilt_pictures_stay_in_range_and_alike(pixels: Tensor) -> None:
    """None is the same, none is beyond recognition: at least 14 dB."""
    spoilt = degrade(pixels, _rng())
    errors = (spoilt - pixels).square().mean(dim=(1, 2, 3))

    assert spoilt.shape == pixels.shape
    assert -1 <= spoilt.min() < spoilt.max() <= 1
    assert (errors > 0).all()
    assert (10 * torch.log10(4 / errors) > 14).all()


def test_no_strength_spoils_nothing(pixels: Tensor) -> None:
    """Up to rounding."""
    torch.testing.assert_close(degrade(pixels, _rng(), 0.0), pixels, atol=1e-5, rtol=0)


def test_more_strength_spoils_more(pixels: Tensor) -> None:
    """From the same chance, in every picture."""
    weak, strong = (degrade(pixels, _rng(), strength) for strength in (0.3, 1.0))

    assert ((weak - pixels).square().mean(dim=(1, 2, 3)) < (strong - pixels).square().mean(dim=(1, 2, 3))).all()


def test_a_seed_decides_what_is_spoilt(pixels: Tensor) -> None:
    """The same one does the same, another one something else."""
    assert torch.equal(degrade(pixels, _rng()), degrade(pixels, _rng()))
    assert not torch.equal(degrade(pixels, _rng()), degrade(pixels, _rng(1)))

"""Counting operations."""

import pytest

from budgetfusion.cost import FlopCount, count_flops
from budgetfusion.diffusion.pipeline import Model


def test_an_image_costs_its_steps_and_what_surrounds_them() -> None:
    """Text and decoding are paid once, steps each time."""
    assert FlopCount(step=2.0, step_attention=0.5, decode=3.0, text=1.0).image(10) == 24.0


def test_the_embedded_pipeline_costs_what_was_counted_by_hand(model: Model) -> None:
    """One guided step of scenes-2 is 1.352 GFLOP, 2 % of it attention products."""
    flops = count_flops(model.pipe, 64, 64)

    assert flops.step == pytest.approx(1.352e-3, rel=1e-3)
    assert flops.step_attention / flops.step == pytest.approx(0.020, abs=1e-3)


def test_counting_leaves_the_pipeline_alone(model: Model) -> None:
    """The count runs on shapes; the loaded weights stay where they are."""
    count_flops(model.pipe, 64, 64)

    assert next(model.pipe.unet.parameters()).device.type == "cpu"

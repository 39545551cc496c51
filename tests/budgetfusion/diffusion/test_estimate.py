"""What a measurement will cost."""

from dataclasses import replace

import pytest

from budgetfusion.diffusion import estimate as estimating
from budgetfusion.diffusion.estimate import Estimate, estimate
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.metrics.encoder import scene_encoder


def test_operations_are_counted_and_latents_sized(model: Model) -> None:
    """Every image's steps, decoding and text; 6 x 16 x 16 numbers of two bytes for each image of the embedded model."""
    flops = flops_of(model)

    found = estimate(model, scene_encoder(), 10, (1, 2), 2)

    assert found.tflop == pytest.approx(10 * (flops.image(1) + flops.image(2)))
    assert (found.table_bytes, found.latents_bytes) == (2000, 20 * 6 * 16 * 16 * 2)
    assert found.seconds is not None
    assert found.seconds > 0


def test_a_costly_probe_is_left_out_and_that_is_said(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run of a large model on a CPU ends soon."""
    monkeypatch.setattr(estimating, "_PROBE_TFLOP", {"cpu": 1e-6})

    found = estimate(replace(model), scene_encoder(), 1, (1,), 16)

    assert found.seconds is None
    assert "no time, since a probe would take too long here" in str(found)


def test_an_estimate_says_so() -> None:
    """Operations, time, disk for the table and its parts, and what latents would add."""
    found = Estimate(tflop=1234.5, seconds=7200.0, table_bytes=5_000_000, latents_bytes=65_000_000_000)

    assert str(found) == "estimated: 1.23e+03 TFLOP, 2 h, 10 MB of disk; latents, if kept, 65 GB"

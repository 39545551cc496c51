"""Seconds and joules, and honesty where there is no meter."""

import pytest
import torch

from budgetfusion.meters import energy_j, hardware, measure


def test_a_cpu_has_no_meter() -> None:
    """Joules are none, with the reason; the work is called once to warm up and then as often as asked."""
    calls: list[int] = []

    reading = measure(lambda: calls.append(1), "cpu", calls=3)

    assert (reading.joules, reading.meter) == (None, "not available: no meter for a CPU")
    assert (len(calls), reading.calls) == (4, 3)
    assert reading.seconds >= 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_has_no_meter() -> None:
    """Whatever is missing, library, driver or card, the answer is none and says why."""
    joules, meter = energy_j("cuda")

    assert joules is None
    assert meter.startswith("not available: ")


@pytest.mark.gpu
def test_a_gpu_counts_joules() -> None:
    """A second of products takes between 1 and 1000 joules for each second."""
    a = torch.randn(4096, 4096, device="cuda")

    reading = measure(lambda: a @ a, "cuda", window_s=5.0)

    assert reading.meter == "NVML" or reading.meter.startswith("not available: ")
    assert reading.joules is None or 1 < reading.joules / reading.seconds < 1000


def test_hardware_has_a_name() -> None:
    """A figure without its machine says nothing."""
    assert "thread(s)" in hardware("cpu")

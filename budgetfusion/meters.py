"""Seconds and joules of a piece of work: warmed up, synchronised, and silent where there is no meter."""

import platform
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

WINDOW_S = 5.0
"""The shortest window for energy: NVML's counter moves every 100 ms or so, and a GPU's temperature must settle."""


@dataclass(frozen=True)
class Reading:
    """What one call of a piece of work took.

    Attributes:
        seconds: Median over the calls.
        joules: Mean over the window, of the whole GPU; none where there is no meter.
        meter: Which meter, or why there is none: 'NVML', or 'not available: ...'.
        calls: How many calls were measured.
    """

    seconds: float
    joules: float | None
    meter: str
    calls: int


def measure(
    work: Callable[[], object], device: str, *, calls: int = 5, warm_up: int = 1, window_s: float = WINDOW_S
) -> Reading:
    """Time a piece of work, and read the GPU's energy counter before and after where there is one.

    Args:
        work: What to measure; called `warm_up` times before, unmeasured.
        device: Where it runs: 'cpu', 'cuda' or 'cuda:N'.
        calls: Measured at least so often; with a meter, until `window_s` has passed.
        warm_up: Calls that compile, choose kernels and fill caches.
        window_s: Seconds.
    """
    for _ in range(warm_up):
        work()
    _synchronise(device)
    before, meter = energy_j(device)
    times: list[float] = []
    while len(times) < calls or (before is not None and sum(times) < window_s):
        start = time.perf_counter()
        work()
        _synchronise(device)
        times.append(time.perf_counter() - start)
    after, _ = energy_j(device)
    joules = (after - before) / len(times) if before is not None and after is not None else None
    return Reading(statistics.median(times), joules, meter, len(times))


def energy_j(device: str) -> tuple[float | None, str]:
    """Return the joules that a GPU has used since its driver was loaded, and the meter's name, or none and why.

    An estimate from a data sheet's watts would be no measurement, so there is none.
    """
    if not device.startswith("cuda"):
        return None, "not available: no meter for a CPU"
    try:
        import pynvml
    except ModuleNotFoundError:
        return None, "not available: install the extra 'energy'"
    try:
        pynvml.nvmlInit()
        handle = pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
        return pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000, "NVML"
    except pynvml.NVMLError as error:
        return None, f"not available: {error}"


def hardware(device: str) -> str:
    """Return the name of the GPU, or of the processor and the threads that torch uses."""
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{_processor()}, {torch.get_num_threads()} thread(s)"


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _synchronise(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)

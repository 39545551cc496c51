"""What a measurement will cost, before it is begun: operations counted, seconds and bytes estimated."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import TypeVar

from budgetfusion.diffusion.denoisers import denoiser
from budgetfusion.diffusion.ladder import ladder
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.latents import NUMBER_BYTES
from budgetfusion.metrics import Encoder, measure_images
from budgetfusion.pace import duration

T = TypeVar("T")

_ROW_BYTES = 100
"""Of a row in a part; 44 in the shipped table, which is one file."""

_PROBE_STEPS = (1, 1, 3)
"""Of a batch that prepares what is kept, and of two that are timed."""

_PROBE_TFLOP = {"cpu": 0.2, "cuda": 1000.0}
"""A probe of more than this may take longer than some ten seconds, and is left out."""

_SIZES = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


@dataclass(frozen=True)
class Estimate:
    """What measuring costs.

    Attributes:
        tflop: Of all images, counted; first evaluations that they share are not taken off.
        seconds: With one worker on this machine; none where a probe would take too long.
        table_bytes: Of the table, and once more of its parts until it is whole.
        latents_bytes: Of all latents, if they are kept.
    """

    tflop: float
    seconds: float | None
    table_bytes: int
    latents_bytes: int

    def __str__(self) -> str:
        tells = "no time, since a probe would take too long here" if self.seconds is None else duration(self.seconds)
        return (
            f"estimated: {self.tflop:.3g} TFLOP, {tells}, {_size(2 * self.table_bytes)} of disk; latents, if kept, "
            f"{_size(self.latents_bytes)}"
        )


def estimate(model: Model, encoder: Encoder, jobs: int, steps: Sequence[int], slots: int) -> Estimate:
    """Estimate what measuring jobs costs.

    Args:
        model: The loaded model.
        encoder: The features of the metrics.
        jobs: Prompts and seeds.
        steps: Step counts of each.
        slots: Images that are denoised together.
    """
    flops, numbers = flops_of(model), prod(denoiser(model.pipe, (model.width, model.height)).shape)
    probe = slots * sum(map(flops.image, _PROBE_STEPS))
    is_cheap = probe <= _PROBE_TFLOP.get(model.device.partition(":")[0], 0.0)
    return Estimate(
        tflop=jobs * sum(map(flops.image, steps)),
        seconds=jobs * _seconds(model, encoder, steps, slots) if is_cheap else None,
        table_bytes=jobs * len(steps) * _ROW_BYTES,
        latents_bytes=jobs * len(steps) * numbers * NUMBER_BYTES,
    )


def _seconds(model: Model, encoder: Encoder, steps: Sequence[int], slots: int) -> float:
    """Time full batches of one step and of three, and the metrics of a job; return the seconds of one job.

    The batches have seeds of their own, so nothing in them is shared.
    """
    batch = partial(ladder, model, ["a probe"] * slots, range(slots), slots=slots)
    _, (one_s, images), (three_s, _) = [_timed(partial(batch, [n])) for n in _PROBE_STEPS]
    step_s = max(three_s - one_s, 0.0) / 2 / slots
    image_s = max(one_s / slots - step_s, 0.0)  # text and decoding
    rungs = images.pixels[[0] * len(steps), 0]
    metrics_s, _ = _timed(partial(measure_images, rungs, rungs[-1], encoder))
    return sum(steps) * step_s + len(steps) * image_s + metrics_s


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    begun_s = time.perf_counter()
    made = call()
    return time.perf_counter() - begun_s, made


def _size(count: int) -> str:
    unit, length = next((found for found in _SIZES if count >= found[1]), ("bytes", 1.0))
    return f"{count / length:.3g} {unit}"

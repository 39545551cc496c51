"""How close does mixing step counts come to the fastest batch, and how far does it leave a loop over prompts behind?

The embedded pipeline on the CPU: 32 prompts of 5 to 42 steps each. The ceiling is what a step of one image costs in the
best batch of images that all have the same number of steps, measured in turn with the engine. Images are compared with
those of diffusers' own pipeline, called for one prompt at a time. Beside the speeds over that loop stands what no
engine could pass: all operations of the images at the rate of a product of two large matrices, timed in turn, too.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.harness import Figure, Spread, main, seconds
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.jobs import Job, Picture
from budgetfusion.diffusion.parity import kernels
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import load
from budgetfusion.scenes import captions

PROMPTS, STEPS = 32, (5, 42)
BATCHES = (8, 16, 24, 32)  # sizes that the ceiling is looked for in
OF_CEILING = 0.90
SPEED = {"float32": 3.2, "bfloat16": 6.3}  # over the loop in float32, as a prototype saw on another model
LATENTS = 1e-5
LEVELS = 1  # of 256: a value whose latents differ in the last bits may round to its neighbour


@dataclass(frozen=True)
class Times:
    """Seconds of one repetition: the loop, the best equal batch for all steps, and the engine in both precisions.

    `bounds`: of all operations at the rate of a large product, by precision.
    """

    loop: float
    ceiling: float
    float32: float
    bfloat16: float
    bounds: dict[str, float]


def measure(quick: bool) -> list[Figure]:
    """Time the engine, the ceiling and the loop in turn; quick takes half the prompts once."""
    jobs = _jobs(PROMPTS // 2 if quick else PROMPTS)
    model = load(GenerationConfig(), "cpu")
    pipe, flops = model.pipe, flops_of(model)
    half = copy.deepcopy(pipe)
    half.unet.to(torch.bfloat16)
    print(f"{len(jobs)} prompts, {sum(job.num_steps for job in jobs)} steps, {torch.get_num_threads()} thread(s)")
    pictures, stock = _pictures(pipe, jobs), [_stock(pipe, job) for job in jobs]  # this warms up, too
    tflop = sum(flops.image(job.num_steps) for job in jobs)
    times = [_times(pipe, half, jobs, tflop) for _ in range(1 if quick else 3)]
    return [*_speeds(times), *_differences(pictures, stock), _parity(pipe, jobs[: PROMPTS // 4])]


def _jobs(count: int) -> list[Job]:
    rng = np.random.default_rng(0)
    prompts = captions.captions(held_out=True, each=6)[:count]
    steps = rng.integers(STEPS[0], STEPS[1] + 1, count).tolist()
    return [Job(prompt, k, n) for k, (prompt, n) in enumerate(zip(prompts, steps, strict=True))]


def _times(pipe: Any, half: Any, jobs: Sequence[Job], tflop: float) -> Times:
    return Times(
        loop=seconds(lambda: [_stock(pipe, job) for job in jobs]),
        ceiling=_best_step_s(pipe, jobs) * sum(job.num_steps for job in jobs),
        float32=seconds(lambda: _pictures(pipe, jobs)),
        bfloat16=seconds(lambda: _pictures(half, jobs)),
        bounds={name: tflop / _rate(getattr(torch, name)) for name in SPEED},
    )


def _rate(dtype: torch.dtype, size: int = 2048) -> float:
    """Return the TFLOP per second of a product of two large matrices: the best of some."""
    a, b = torch.randn(2, size, size).to(dtype)
    return 2e-12 * size**3 / min(seconds(partial(torch.matmul, a, b)) for _ in range(8))


def _best_step_s(pipe: Any, jobs: Sequence[Job], num_steps: int = 8) -> float:
    """Return the seconds that a step of one image takes in the best batch of one call with equal steps.

    A call ends with latents: decoding them counts against the engine alone.
    """
    return min(
        seconds(partial(_call, pipe, jobs[:size], num_steps)) / (num_steps * size)
        for size in BATCHES
        if size <= len(jobs)
    )


def _call(pipe: Any, batch: Sequence[Job], num_steps: int) -> Any:
    """Call diffusers' pipeline once."""
    generators = [torch.Generator().manual_seed(job.seed) for job in batch]
    prompts = [job.prompt for job in batch]
    return pipe(prompts, num_inference_steps=num_steps, guidance_scale=7.5, generator=generators, output_type="latent")


def _stock(pipe: Any, job: Job) -> tuple[torch.Tensor, np.ndarray[Any, np.dtype[np.uint8]]]:
    """Return the latents and the pixels of diffusers' pipeline for one prompt."""
    latents = _call(pipe, [job], job.num_steps).images
    with torch.inference_mode():
        image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor, return_dict=False)[0]
    return latents[0], np.asarray(pipe.image_processor.postprocess(image)[0])


def _pictures(pipe: Any, jobs: Sequence[Job]) -> list[Picture]:
    return [future.result() for future in Engine(pipe).run_jobs(jobs)]


def _speeds(times: Sequence[Times]) -> list[Figure]:
    reached = Spread.of([t.ceiling / t.float32 for t in times])
    figures = [
        Figure(
            "engine / best batch of equal steps",
            reached.median,
            "",
            OF_CEILING,
            ">=",
            "that batch",
            1.0,
            reached.low,
            reached.high,
        )
    ]
    beside = Spread.of([t.loop / t.ceiling for t in times]).median
    print(f"the best batch of equal steps in float32 is {beside:.2f} times as fast as the loop")
    for name, target in SPEED.items():
        speed = Spread.of([t.loop / getattr(t, name) for t in times])
        limit = Spread.of([t.loop / t.bounds[name] for t in times]).median
        figures.append(
            Figure(
                f"engine in {name} / loop over prompts in float32",
                speed.median,
                "x",
                target,
                ">=",
                "every operation at the rate of a large product",
                limit,
                speed.low,
                speed.high,
            )
        )
    return figures


def _differences(pictures: Sequence[Picture], stock: Sequence[Any]) -> list[Figure]:
    latents = max(
        float((torch.from_numpy(p.latents) - theirs).abs().max() / theirs.abs().max())
        for p, (theirs, _) in zip(pictures, stock, strict=True)
    )
    levels = np.stack([np.abs(pixels.astype(int) - p.pixels) for p, (_, pixels) in zip(pictures, stock, strict=True)])
    print(f"{int((levels > 0).sum())} of {levels.size} pixel values differ, none by more than {levels.max()}")
    return [
        Figure("largest relative difference of latents", latents, "", LATENTS, "<=", "bitwise equality", 0.0),
        Figure("largest difference of pixels", float(levels.max()), "levels", LEVELS, "<=", "bitwise equality", 0.0),
    ]


def _parity(pipe: Any, jobs: Sequence[Job]) -> Figure:
    """Compare pixels where both compute with kernels that do not depend on the size of a batch."""
    with kernels():
        stock = [_stock(pipe, job)[1] for job in jobs]
    pictures = [future.result() for future in Engine(pipe, parity=True).run_jobs(jobs)]
    differing = sum(int((p.pixels != pixels).sum()) for p, pixels in zip(pictures, stock, strict=True))
    return Figure("differing pixel values in parity", float(differing), "", 0.0, "<=", "bitwise equality", 0.0)


if __name__ == "__main__":
    main("engine", measure)

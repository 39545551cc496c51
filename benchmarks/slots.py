"""Do slots waste nothing? Steps that were needed over rows that the denoiser was asked about, beside static batches.

A counter, not a time: a hook on the UNet's forward counts the rows of every call. The UNet is real and tiny, since how
large it is changes no count. A static batch waits for its slowest image; a slot takes the next one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.harness import Figure, main
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.jobs import Job
from budgetfusion.diffusion.pipeline import load
from budgetfusion.scenes import captions

JOBS, QUICK_JOBS, SLOTS = 1000, 400, 8
STEPS = (5, 42)
ROWS = 2  # of an image with guidance
FIFO, LONGEST, OVER_STATIC = 0.98, 0.999, 1.5


def measure(quick: bool) -> list[Figure]:
    """Count rows for 1,000 jobs of 5 to 42 steps in 8 slots; quick takes 400."""
    pipe = _pipe()
    jobs = _jobs(QUICK_JOBS if quick else JOBS)
    static = _efficiency(pipe, jobs, _in_batches)
    fifo = _efficiency(pipe, jobs, lambda engine, jobs: _finish(engine, jobs, longest_first=False))
    longest = _efficiency(pipe, jobs, lambda engine, jobs: _finish(engine, jobs, longest_first=True))
    print(f"{len(jobs)} jobs, {sum(job.num_steps for job in jobs)} steps, {SLOTS} slots of {ROWS} rows")
    return [
        Figure("slot efficiency, first in first out", fifo, "", FIFO, ">=", "static batches", static),
        Figure("slot efficiency, longest first", longest, "", LONGEST, ">=", "no empty slot", 1.0),
        Figure(
            "first in first out / static batches", fifo / static, "", OVER_STATIC, ">=", "no empty slot", 1 / static
        ),
    ]


def _pipe() -> Any:
    """Return the embedded pipeline with a denoiser and a decoder of a few hundred weights."""
    pipe = load(GenerationConfig(), "cpu").pipe
    torch.manual_seed(0)
    pipe.unet = type(pipe.unet)(
        sample_size=4,
        block_out_channels=(8,),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D",),
        up_block_types=("CrossAttnUpBlock2D",),
        cross_attention_dim=pipe.text_encoder.config.hidden_size,
        attention_head_dim=2,
        norm_num_groups=4,
    )
    pipe.vae = type(pipe.vae)(block_out_channels=(4,), norm_num_groups=4)
    return pipe


def _jobs(count: int) -> list[Job]:
    rng = np.random.default_rng(0)
    prompts = captions.captions(held_out=True, each=2)
    steps = rng.integers(STEPS[0], STEPS[1] + 1, count).tolist()
    return [Job(prompts[k % len(prompts)], k, n) for k, n in enumerate(steps)]


def _efficiency(pipe: Any, jobs: Sequence[Job], work: Callable[[Engine, Sequence[Job]], None]) -> float:
    """Return the steps of all jobs over the rows that the denoiser saw, times the rows of one image."""
    rows = 0

    def count(unet: Any, words: tuple[Any, ...]) -> None:
        nonlocal rows
        rows += len(words[0])

    hook = pipe.unet.register_forward_pre_hook(count)
    work(Engine(pipe, slots=SLOTS, static=True), jobs)
    hook.remove()
    return sum(job.num_steps for job in jobs) / rows * ROWS


def _finish(engine: Engine, jobs: Sequence[Job], *, longest_first: bool) -> None:
    for future in engine.run_jobs(jobs, longest_first=longest_first):
        future.result()


def _in_batches(engine: Engine, jobs: Sequence[Job]) -> None:
    """Fill every slot, wait for the slowest, and only then begin the next ones."""
    for start in range(0, len(jobs), SLOTS):
        _finish(engine, jobs[start : start + SLOTS], longest_first=False)


if __name__ == "__main__":
    main("slots", measure)

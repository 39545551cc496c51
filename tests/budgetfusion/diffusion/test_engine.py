"""The slot engine: mixed step counts in one batch, and nothing that one job does harms another."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, EulerAncestralDiscreteScheduler, HeunDiscreteScheduler

from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.errors import (
    EngineClosedError,
    JobInvalidError,
    LatentsNotFiniteError,
    MemoryExhaustedError,
    PipelineUnsupportedError,
    QueueFullError,
    SchedulerUnsupportedError,
    SizeMismatchError,
)
from budgetfusion.diffusion.jobs import Job, Picture
from budgetfusion.diffusion.pipeline import Model

PROMPTS = ["a red ball on a green field", "an empty white wall", "a blue house in a park", "two cups on a table"]
MIXED = [Job(prompt, seed, steps) for seed, prompt in enumerate(PROMPTS) for steps in (2, 7, 4)]


def stock_latents(pipe: Any, job: Job) -> torch.Tensor:
    """Return what diffusers' own pipeline makes of a job, alone."""
    generator = torch.Generator().manual_seed(job.seed)
    found: torch.Tensor = pipe(
        job.prompt,
        num_inference_steps=job.num_steps,
        guidance_scale=job.guidance_scale,
        generator=generator,
        output_type="latent",
    ).images
    return found[0].float().cpu()


def test_an_image_is_handed_over_before_the_last_is_made(pipe: Any) -> None:
    """The first comes while others are denoised; whoever stops asking gets no more, and the engine is idle again."""
    engine = Engine(pipe, slots=1)
    engine._loop._decoder._batch = 1
    images = engine.finished([Job("snow", 0, 2), Job("snow", 1, 9)], longest_first=False)

    place, first = next(images)
    rows = engine.rows_evaluated
    images.close()

    assert (place, first.result().job.seed, rows) == (0, 0, 2 * 2)
    assert engine.run(["snow"], [3])[0].job.num_steps == 3
    assert engine.rows_evaluated == rows + 2 * 3


def difference(picture: Picture, latents: torch.Tensor) -> float:
    """Return the largest difference of latents, relative to the largest latent."""
    return float((torch.from_numpy(picture.latents) - latents).abs().max() / latents.abs().max())


@contextmanager
def only(pipe: Any, rows: int) -> Iterator[None]:
    """Make the denoiser run out of memory above so many rows."""
    forward = pipe.unet.forward

    def limited(sample: torch.Tensor, *words: Any, **options: Any) -> Any:
        if len(sample) > rows:
            raise torch.OutOfMemoryError("CUDA out of memory (in this test).")
        return forward(sample, *words, **options)

    pipe.unet.forward = limited
    yield
    pipe.unet.forward = forward


def test_images_are_those_of_the_stock_pipeline(model: Model) -> None:
    """Mixed steps in shared batches of the embedded model: latents within 1e-5, pixels within one of 256 levels."""
    jobs = [Job(prompt, seed, steps) for seed, (prompt, steps) in enumerate(zip(PROMPTS, (1, 9, 3, 6), strict=True))]

    pictures = [future.result() for future in Engine(model.pipe, slots=3).run_jobs(jobs)]

    assert max(difference(p, stock_latents(model.pipe, p.job)) for p in pictures) <= 1e-5
    for picture in pictures:
        generator = torch.Generator().manual_seed(picture.job.seed)
        stock = model.pipe(picture.job.prompt, num_inference_steps=picture.job.num_steps, generator=generator).images[0]
        assert np.abs(np.asarray(stock).astype(int) - picture.pixels).max() <= 1


@pytest.mark.parametrize("kind", [DDIMScheduler, EulerAncestralDiscreteScheduler], ids=lambda kind: kind.__name__)
def test_other_samplers_are_those_of_the_stock_pipeline(pipe: Any, kind: type) -> None:
    """The engine takes the pipeline's own scheduler; noise comes from each image's own generator, step by step."""
    options = {"clip_sample": False} if kind is DDIMScheduler else {}
    pipe.scheduler = kind(beta_schedule="scaled_linear", steps_offset=1, **options)

    pictures = [future.result() for future in Engine(pipe, slots=3).run_jobs(MIXED)]

    assert max(difference(p, stock_latents(pipe, p.job)) for p in pictures) <= 1e-5


def test_each_image_has_its_own_guidance(pipe: Any) -> None:
    """With and without guidance, two rows or one, side by side."""
    jobs = [Job(prompt, 3, 5, scale) for prompt, scale in zip(PROMPTS, (1.0, 7.5, 0.0, 2.0), strict=True)]

    pictures = [future.result() for future in Engine(pipe, slots=4).run_jobs(jobs)]

    assert [p.job for p in pictures] == jobs
    assert max(difference(p, stock_latents(pipe, p.job)) for p in pictures) <= 1e-5


def test_a_static_engine_makes_the_same_bits_beside_any_neighbours(pipe: Any) -> None:
    """Order, neighbours and slot change; every bit of every image's latents and pixels stays."""
    rng = np.random.default_rng(0)
    wanted = {p.job: p for p in _pictures(Engine(pipe, slots=4, static=True), MIXED)}
    orders = [[MIXED[k] for k in rng.permutation(len(MIXED))] for _ in range(3)]

    for jobs in [*orders, MIXED[:1], MIXED[5:8]]:
        for picture in _pictures(Engine(pipe, slots=4, static=True), jobs):
            assert np.array_equal(picture.latents, wanted[picture.job].latents)
            assert np.array_equal(picture.pixels, wanted[picture.job].pixels)


def test_only_needed_rows_are_evaluated(pipe: Any) -> None:
    """On a CPU a batch shrinks to what there is; a static one never does."""
    pipe = pipe.to("cpu")
    shrinking, static = Engine(pipe, slots=4), Engine(pipe, slots=4, static=True)
    _pictures(shrinking, MIXED)
    _pictures(static, MIXED[:1])

    assert shrinking.rows_evaluated == 2 * sum(job.num_steps for job in MIXED)
    assert static.rows_evaluated == 2 * 4 * MIXED[0].num_steps


def test_prompts_and_budgets_are_enough(pipe: Any) -> None:
    """`Engine(pipe).run(prompts, budgets)` returns pictures in the order of the prompts."""
    pictures = Engine(pipe).run(PROMPTS, [3, 1, 2, 5])

    assert [(p.job.prompt, p.job.num_steps, p.pixels.shape) for p in pictures] == [
        (prompt, steps, (16, 16, 3)) for prompt, steps in zip(PROMPTS, (3, 1, 2, 5), strict=True)
    ]
    with pytest.raises(ValueError, match="shorter"):
        Engine(pipe).run(PROMPTS, [3])


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (Job(None, 0, 3), JobInvalidError, "found prompt None, expected a text"),  # type: ignore[arg-type]
        (Job("x", -1, 3), JobInvalidError, "found seed -1, expected a whole number from 0"),
        (Job("x", 0, 1001), JobInvalidError, "found num_steps 1001, expected a whole number from 1 to 1000"),
        (Job("x", 0, 3, float("nan")), JobInvalidError, "found guidance_scale nan, expected a finite number"),
        (Job("x", 0, 3, 3e38), LatentsNotFiniteError, "found latents that are NaN or infinite.*--dtype float32"),
        (Job("x", 0, 3, width=32), SizeMismatchError, "found 32 x 16 pixels, expected this engine's 16 x 16"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_a_bad_job_fails_alone(pipe: Any, bad: Job, error: type[Exception], message: str) -> None:
    """Its error says what was found and what was expected; the others finish."""
    futures = Engine(pipe, slots=3).run_jobs([*MIXED[:4], bad, *MIXED[4:6]])

    with pytest.raises(error, match=message):
        futures[4].result()
    assert [futures[k].result().job for k in (0, 1, 2, 3, 5, 6)] == MIXED[:6]


def test_memory_that_runs_out_halves_the_slots_and_says_so(pipe: Any) -> None:
    """Images that were in their slots begin again; none is lost or changed."""
    said: list[str] = []
    engine = Engine(pipe, slots=8, say=said.append)

    with only(pipe, rows=5):
        pictures = _pictures(engine, MIXED)

    assert engine.slots == 2
    assert said == [
        "out of memory with 8 slots; going on with 4.",
        "out of memory with 4 slots; going on with 2.",
    ]
    assert max(difference(p, stock_latents(pipe, p.job)) for p in pictures) <= 1e-5


def test_memory_that_is_too_small_for_one_image_is_named(pipe: Any) -> None:
    """Every job fails with the same words, and the engine stays usable."""
    engine = Engine(pipe, slots=2, say=lambda text: None)

    with only(pipe, rows=1):
        futures = engine.run_jobs(MIXED[:3])

    assert {type(future.exception()) for future in futures} == {MemoryExhaustedError}
    assert "out of memory with a single image of 16 x 16 pixels" in str(futures[0].exception())
    assert len(_pictures(engine, MIXED[:3])) == 3


def test_a_failing_denoiser_fails_the_images_in_it(pipe: Any) -> None:
    """An error that is not of memory reaches whoever waits, and the next jobs are made."""
    engine, forward = Engine(pipe, slots=2), pipe.unet.forward
    pipe.unet.forward = lambda *words, **options: 1 / 0
    futures = engine.run_jobs(MIXED[:3])
    pipe.unet.forward = forward

    assert {type(future.exception()) for future in futures} == {ZeroDivisionError}
    assert len(_pictures(engine, MIXED[:3])) == 3


def test_a_stopped_run_leaves_an_engine_that_works(pipe: Any) -> None:
    """Ctrl-C takes the run's images out of their slots."""
    engine, forward = Engine(pipe, slots=2), pipe.unet.forward

    def stop(*words: Any, **options: Any) -> Any:
        raise KeyboardInterrupt

    pipe.unet.forward = stop
    with pytest.raises(KeyboardInterrupt):
        engine.run_jobs(MIXED)
    pipe.unet.forward = forward
    before = engine.rows_evaluated
    _pictures(engine, MIXED[:2])

    assert engine.rows_evaluated - before <= 2 * 2 * max(job.num_steps for job in MIXED[:2])


def test_a_scheduler_that_no_table_expresses_is_refused(pipe: Any) -> None:
    """Before any image is begun."""
    pipe.scheduler = HeunDiscreteScheduler()

    with pytest.raises(SchedulerUnsupportedError, match="Scheduler HeunDiscreteScheduler cannot run in slots"):
        Engine(pipe)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"time_cond_proj_dim": 8}, "is told the guidance scale"),
        (
            {
                "addition_embed_type": "text_time",
                "addition_time_embed_dim": 8,
                "projection_class_embeddings_input_dim": 64,
            },
            "has addition_embed_type 'text_time'",
        ),
    ],
)
def test_a_denoiser_that_wants_more_is_refused(build: Any, options: dict[str, Any], reason: str) -> None:
    """Stable Diffusion XL and distilled models hear more than one text encoder's states."""
    with pytest.raises(PipelineUnsupportedError, match=f"its UNet {reason}"):
        Engine(build(**options))


def test_a_denoiser_of_another_make_is_asked_as_diffusers_asks_it(build: Any) -> None:
    """Scale-shift conditioning and a pooled text of its own are the UNet's affair."""
    pipe = build(
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=2,
    )

    pictures = _pictures(Engine(pipe, slots=4), MIXED)

    assert max(difference(p, stock_latents(pipe, p.job)) for p in pictures) <= 1e-5


def test_submitted_jobs_come_back_as_futures(pipe: Any) -> None:
    """From several threads at once, while a run goes on, each image is the one that a run makes."""
    wanted = {p.job: p for p in _pictures(Engine(pipe, slots=4, static=True), MIXED)}
    with Engine(pipe, slots=4, static=True) as engine:
        futures: list[Any] = []
        threads = [threading.Thread(target=lambda j=job: futures.append(engine.submit(j))) for job in MIXED[4:]]
        for thread in threads:
            thread.start()
        run = _pictures(engine, MIXED[:4])
        for thread in threads:
            thread.join()
        pictures = [*run, *(future.result(timeout=300) for future in futures)]

    assert len(pictures) == len(MIXED)
    assert all(np.array_equal(p.pixels, wanted[p.job].pixels) for p in pictures)


def test_a_full_queue_holds_up_its_caller(pipe: Any) -> None:
    """With a time limit the caller hears that there was no place."""
    with Engine(pipe, max_waiting=2) as engine:
        with engine._driving:  # nothing leaves the queue
            kept = [engine.submit(job) for job in MIXED[:2]]
            with pytest.raises(QueueFullError, match="found 2 jobs waiting, expected a free place in time"):
                engine.submit(MIXED[2], timeout_s=0.01)
        assert [future.result(timeout=300).job for future in kept] == MIXED[:2]


def test_a_cancelled_job_is_not_made(pipe: Any) -> None:
    """It leaves the queue, or its slot, and the others finish."""
    with Engine(pipe, slots=2) as engine:
        with engine._driving:
            futures = [engine.submit(job) for job in MIXED[:4]]
            assert futures[1].cancel()
        assert [futures[k].result(timeout=300).job for k in (0, 2, 3)] == [MIXED[k] for k in (0, 2, 3)]
    assert futures[1].cancelled()


def test_a_closed_engine_takes_no_more(pipe: Any) -> None:
    """What was submitted before is finished."""
    engine = Engine(pipe)
    future = engine.submit(MIXED[0])
    engine.close()

    assert future.done()
    with pytest.raises(EngineClosedError, match="Make another engine"):
        engine.submit(MIXED[1])


def _pictures(engine: Engine, jobs: list[Job]) -> list[Picture]:
    return [future.result() for future in engine.run_jobs(jobs, longest_first=False)]

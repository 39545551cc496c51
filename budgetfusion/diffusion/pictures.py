"""Images of planned prompts, as files."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from PIL import Image

from budgetfusion.cost import FlopCount, count_flops
from budgetfusion.diffusion.denoisers import rows
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.jobs import Job, Picture
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.plans import Plan
from budgetfusion.files import replacing
from budgetfusion.progress import bar

_CHUNK = 256
"""Images made before they are saved: enough to keep every slot busy, few enough to lose to a power cut."""


def flops_of(model: Model) -> FlopCount:
    """Count the operations of a model at its own size and guidance."""
    return count_flops(model.pipe, model.height, model.width, rows=rows(model.pipe, model.config.guidance_scale))


def save(model: Model, plans: Sequence[Plan], seed: int, out: Path) -> Iterator[tuple[Path, Plan]]:
    """Make and save the image of each plan, and yield where it is; what fails is told after all others are saved.

    Args:
        model: The loaded model.
        plans: At least one.
        seed: Of every image's noise.
        out: The file of a single image; several are numbered, `image.png` becoming `image-001.png` and so on.

    Raises:
        BudgetFusionError: The first failure of an image.
    """
    paths = [out] if len(plans) == 1 else [out.with_stem(f"{out.stem}-{k:03d}") for k in range(1, len(plans) + 1)]
    engine = Engine(model.pipe, width=model.width, height=model.height, say=lambda text: click.echo(text, err=True))
    failures: list[BaseException] = []
    for start in range(0, len(plans), _CHUNK):
        chunk = plans[start : start + _CHUNK]
        jobs = [Job(plan.prompt, seed, plan.num_steps, model.config.guidance_scale) for plan in chunk]
        with bar("generating", len(chunk)) as advance:
            futures = engine.run_jobs(jobs, progress=advance)
        for path, plan, future in zip(paths[start:], chunk, futures, strict=False):
            if error := future.exception():
                failures.append(error)
            else:
                _write(path, future.result())
                yield path, plan
    for failure in failures[1:]:
        click.echo(f"error: {failure}", err=True)
    if failures:
        raise failures[0]


def _write(path: Path, picture: Picture) -> None:
    with replacing(path) as partial:
        Image.fromarray(picture.pixels).save(partial, format="PNG")

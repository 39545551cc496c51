"""What a user is told on standard error about a model before it makes images."""

from collections.abc import Iterable

import click

from budgetfusion.diffusion.model_errors import StepDistilledError
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.samplers import starts_late


def note_distilled(model: Model) -> None:
    """Warn that a model is distilled to a few steps."""
    if model.distilled:
        click.echo(
            f"WARNING: '{model.config.model}' is distilled to a few steps ({model.distilled}). More steps do not make "
            "its images better, the number of steps that a prompt deserves means nothing for it, and Euler is not the "
            "scheduler that it was made for.",
            err=True,
        )


def refuse_distilled(model: Model, *, is_meant: bool) -> None:
    """Refuse to measure a model that is distilled to a few steps, or warn if it is meant.

    Raises:
        StepDistilledError: If it is not.
    """
    if model.distilled and not is_meant:
        raise StepDistilledError(model.config.model, model.distilled)
    note_distilled(model)


def note_single_step(model: Model, steps: Iterable[int]) -> None:
    """Say that images of so few steps are none, if their schedule begins where the others end."""
    if late := sorted({n for n in steps if starts_late(model.pipe.scheduler, n)}):
        few = ", ".join(map(str, late))
        click.echo(
            f"note: {few} step(s) begin at the end of the schedule, where there is no noise to take away: a nearly "
            "flat image, kept because the paper measures it. Eq. 7 never suggests it; look at 2 steps or more.",
            err=True,
        )

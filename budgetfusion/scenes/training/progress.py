"""The bar of a stage: steps, loss, samples a second, time left."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from budgetfusion.scenes.training.settings import Schedule

_SMOOTHING = 0.02  # weight of the newest loss in the one that is shown

Show = Callable[[int, float], None]
"""Shows the steps done and the newest loss."""


@contextmanager
def progress_bar(label: str, schedule: Schedule, done: int) -> Iterator[Show]:
    """Open a progress bar on standard error.

    Args:
        label: What is trained.
        schedule: How many steps there are, and samples in each.
        done: Steps that an earlier run took.

    Yields:
        A function that moves the bar.
    """
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        TextColumn("loss {task.fields[loss]:.4f}  {task.fields[rate]:.0f} samples/s"),
        TimeRemainingColumn(),
    )
    began, smooth = time.monotonic(), float("nan")
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=schedule.steps, completed=done, loss=smooth, rate=0.0)

        def show(step: int, loss: float) -> None:
            nonlocal smooth
            smooth = loss if smooth != smooth else smooth + _SMOOTHING * (loss - smooth)
            rate = (step - done) * schedule.batch / (time.monotonic() - began)
            progress.update(task, completed=step, loss=smooth, rate=rate)

        yield show

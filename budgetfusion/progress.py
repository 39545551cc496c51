"""Progress bars on standard error, so that standard output stays for results."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from budgetfusion.pace import Pace


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar with the rate and the time left while the block runs.

    Args:
        what: What is being done.
        total: How many things there are to do.

    Yields:
        A function to call with how many are done; at first with how many were done before, if any.
    """
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        pace, task = Pace(total), progress.add_task(what, total=total, pace="")
        yield lambda done: progress.update(task, completed=done, pace=pace.say(done))

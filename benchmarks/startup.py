"""How long the command line takes to say what it can do, beside a bare `import click`."""

import subprocess
import sys
from collections.abc import Callable, Sequence

from benchmarks.harness import Figure, interleaved_ratio, main

TARGET_S = 0.3
TARGET_RATIO = 3.0


def measure(quick: bool) -> list[Figure]:
    """Time `budgetfusion --help` in fresh processes, in turn with a bare `import click`."""
    help_, click = _process("-m", "budgetfusion", "--help"), _process("-c", "import click")
    found = interleaved_ratio(help_, click, pairs=9 if quick else 31)
    bare = "bare import of click"
    return [
        Figure(
            name="budgetfusion --help",
            value=found.a_s.median,
            unit="s",
            target=TARGET_S,
            comparison="<=",
            anchor=bare,
            anchor_value=found.b_s.median,
            low=found.a_s.low,
            high=found.a_s.high,
        ),
        Figure(
            name="budgetfusion --help / bare import",
            value=found.ratio.median,
            unit="",
            target=TARGET_RATIO,
            comparison="<=",
            anchor=bare,
            anchor_value=1.0,
            low=found.ratio.low,
            high=found.ratio.high,
        ),
    ]


def _process(*arguments: str) -> Callable[[], object]:
    command: Sequence[str] = [sys.executable, *arguments]
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed words only


if __name__ == "__main__":
    main("startup", measure)

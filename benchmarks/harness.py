"""What every benchmark shares: a figure with its target and anchor, interleaved ratios, the report and the exit status.

A benchmark is a module with a `measure` function and, at its end, `if __name__ == "__main__": main("name", measure)`.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Figure:
    """One measured number, beside its target and beside what others reach or physics allows.

    `low` and `high` are the extremes over the repetitions, none for a counter. Without a target it only informs.
    """

    name: str
    value: float
    unit: str
    target: float | None
    comparison: Literal["<=", ">="]
    anchor: str
    anchor_value: float
    low: float | None = None
    high: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the value reaches the target, if it has one."""
        if self.target is None:
            return True
        return self.value <= self.target if self.comparison == "<=" else self.value >= self.target


@dataclass(frozen=True)
class Spread:
    """A median and its extremes over the repetitions."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise values, at least one."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Comparison:
    """Two things timed in turn: the median of the pairwise ratios a / b, and both times in seconds."""

    ratio: Spread
    a_s: Spread
    b_s: Spread


def interleaved_ratio(a: Callable[[], object], b: Callable[[], object], *, pairs: int = 7) -> Comparison:
    """Time `a` and `b` in turn (ABAB...) in this process, after one unmeasured call of each.

    Both of a pair meet the same load, so their ratio is steady where the times are not.

    Args:
        a: The thing in question.
        b: What it is compared with.
        pairs: How often both are timed, at least 1.
    """
    a(), b()
    times = [(seconds(a), seconds(b)) for _ in range(pairs)]
    return Comparison(
        ratio=Spread.of([a_s / b_s for a_s, b_s in times]),
        a_s=Spread.of([a_s for a_s, _ in times]),
        b_s=Spread.of([b_s for _, b_s in times]),
    )


def seconds(call: Callable[[], object]) -> float:
    """Return the wall time of one call, seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def facts() -> dict[str, Any]:
    """Return what a figure needs beside it to be read later: date, commit, hardware and versions."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "gpu": _gpu(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def report(name: str, figures: Sequence[Figure], *, quick: bool, save: bool = False, folder: Path = RESULTS) -> bool:
    """Print the figures as a table, append them to `folder/<name>.jsonl` if asked to, and say whether all hold."""
    found = facts()
    table = Table(
        "figure", "value", "low to high", "target", "beside", "value / beside", "holds", title=_title(name, quick)
    )
    for figure in figures:
        table.add_row(*_cells(figure))
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    console.print(f"{found['cpu']}, {found['cores']} cores, gpu: {found['gpu']}, commit {found['commit']}")
    if save:
        _append(folder / f"{name}.jsonl", {"benchmark": name, "quick": quick, **found, "figures": _rows(figures)})
    return all(figure.holds for figure in figures)


def main(name: str, measure: Callable[[bool], Sequence[Figure]], arguments: Sequence[str] | None = None) -> None:
    """Run one benchmark from the command line; exit with 0 only if every figure holds.

    Args:
        name: Of the benchmark, and of its file below `results/`.
        measure: Takes whether to be quick (at most 50 s, through the same code), returns the figures.
        arguments: Of the command line; by default the process's own.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--quick", action="store_true", help="the same through the same code in at most 50 s")
    parser.add_argument("--save", action="store_true", help=f"append the figures to {RESULTS.name}/{name}.jsonl")
    options = parser.parse_args(arguments)
    holds = report(name, measure(options.quick), quick=options.quick, save=options.save)
    sys.exit(0 if holds else 1)


def _title(name: str, quick: bool) -> str:
    return f"{name} (quick)" if quick else name


def _cells(figure: Figure) -> list[str]:
    spread = "" if figure.low is None or figure.high is None else f"{figure.low:.4g} to {figure.high:.4g}"
    return [
        figure.name,
        f"{figure.value:.4g} {figure.unit}".strip(),
        spread,
        "" if figure.target is None else f"{figure.comparison} {figure.target:.4g}",
        f"{figure.anchor}: {figure.anchor_value:.4g}",
        f"{figure.value / figure.anchor_value:.2f}" if figure.anchor_value else "",
        _verdict(figure),
    ]


def _verdict(figure: Figure) -> str:
    if figure.target is None:
        return ""
    return "yes" if figure.holds else "NO"


def _rows(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    return [{**asdict(figure), "holds": figure.holds} for figure in figures]


def _append(path: Path, row: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def _git(*arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "-C", str(Path(__file__).parent), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words only
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu() -> str:
    lines = _lines(Path("/proc/cpuinfo"))
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []


def _gpu() -> str | None:
    torch = sys.modules.get("torch")  # only a benchmark that uses torch has loaded it
    return torch.cuda.get_device_name() if torch is not None and torch.cuda.is_available() else None

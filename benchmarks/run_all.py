"""Run every benchmark in its own process, keep going, and exit with 0 only if all hold: `make bench`."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
MAIN = '\nif __name__ == "__main__":'


def find(folder: Path = FOLDER) -> list[str]:
    """Return the names of the benchmarks in a folder: every module that can be run, but this one, sorted."""
    runnable = [path.stem for path in folder.glob("*.py") if MAIN in path.read_text(encoding="utf-8")]
    return sorted(name for name in runnable if name != Path(__file__).stem)


def run(names: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """Run benchmarks one after the other and return the names of those that failed."""
    return [name for name in names if _status(name, arguments) != 0]


def _status(name: str, arguments: Sequence[str]) -> int:
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own modules


if __name__ == "__main__":
    names = find()
    failed = run(names, sys.argv[1:])
    print(f"{len(names) - len(failed)} of {len(names)} benchmarks hold; not: {', '.join(failed) or 'none'}")
    sys.exit(1 if failed else 0)

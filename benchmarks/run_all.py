"""Run every benchmark in its own process, keep going, and exit with 0 only if all hold: `make bench`."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent


def find(folder: Path = FOLDER) -> list[str]:
    """Return the names of the benchmarks in a folder: the modules that call the harness's `main`, sorted."""
    return sorted(path.stem for path in folder.glob("*.py") if "\n    main(" in path.read_text(encoding="utf-8"))


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

"""`make bench` runs every benchmark, keeps going, and fails if one does."""

import sys
from pathlib import Path

import pytest

from benchmarks import run_all


def test_every_module_with_a_main_is_a_benchmark(tmp_path: Path) -> None:
    """The harness and the package file are none."""
    (tmp_path / "b.py").write_text('import x\nif __name__ == "__main__":\n    main("b", measure)\n')
    (tmp_path / "a.py").write_text('import x\nif __name__ == "__main__":\n    main("a", measure)\n')
    (tmp_path / "harness.py").write_text("def main(name, measure): ...\n")

    assert run_all.find(tmp_path) == ["a", "b"]


def test_the_start_up_benchmark_is_found() -> None:
    """On our own folder the rule finds benchmarks, not the machinery."""
    found = run_all.find()

    assert "startup" in found
    assert not {"harness", "run_all", "__init__"} & set(found)


def test_a_failure_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each runs in its own process with the same arguments; those that failed are named."""
    commands: list[list[str]] = []

    def run(command: list[str], check: bool) -> object:
        commands.append(command)
        return type("Done", (), {"returncode": int("bad" in command[2])})

    monkeypatch.setattr(run_all.subprocess, "run", run)

    assert run_all.run(["bad", "good"], ["--quick"]) == ["bad"]
    assert commands == [[sys.executable, "-m", f"benchmarks.{name}", "--quick"] for name in ("bad", "good")]

"""The command group: light to import, one line for errors, JSON for machines."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from analysis.cli import analyze

Write = Callable[..., Any]


def run(*arguments: object) -> Any:
    """Run `budgetfusion analyze ...`; exceptions pass through."""
    return CliRunner().invoke(analyze, [str(argument) for argument in arguments], catch_exceptions=False)


def test_importing_it_is_light() -> None:
    """The command group brings no pandas, matplotlib, scipy or torch until a command runs."""
    heavy = {"pandas", "matplotlib", "scipy", "torch", "jinja2", "rich"}
    code = f"import sys, analysis.cli; print({heavy!r} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "set()"


def test_a_whole_report_needs_no_torch(tmp_path: Path, write_study: Write) -> None:
    """Analysis runs without torch, flask or a database."""
    study = write_study()
    arguments = ["report", str(study.choices), "--stimuli", str(study.stimuli), "--out", str(tmp_path / "out")]
    code = (
        f"import sys; from analysis.cli import analyze; analyze.main({arguments!r}, standalone_mode=False); "
        "print({'torch', 'diffusers', 'transformers', 'flask', 'sqlalchemy'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout.splitlines()[-1] == "set()"


def test_report_says_where_it_lies(tmp_path: Path, write_study: Write) -> None:
    """The last lines are the headline, the verdict and the places of the result."""
    study = write_study()
    arguments = ("report", study.choices, "--stimuli", study.stimuli, "--evaluation", study.evaluation)
    result = run(*arguments, "--out", tmp_path / "out")

    assert f"Report: {tmp_path / 'out' / 'index.html'}" in result.output
    assert result.output.startswith("OURS was chosen over UNIFORM in ")
    places = json.loads(run(*arguments, "--out", tmp_path / "out", "--json").output)
    assert set(places) == {"report", "results", "headline", "verdict"}


def test_efficiency_prints_every_rule(write_study: Write) -> None:
    """The table names the rules, both averages and the verdict; as JSON it holds the same tables."""
    study = write_study()
    text = run("efficiency", study.evaluation).output

    for part in ("OURS", "UNIFORM", "PERMUTED", "REFERENCE", "GFLOP", "OURS − PERMUTED"):
        assert part in text
    assert "undecided whether OURS beats PERMUTED" in " ".join(text.split())
    assert set(json.loads(run("efficiency", study.evaluation, "--json").output)) >= {"rules", "quality", "sentence"}


def test_expected_errors_are_one_line(tmp_path: Path) -> None:
    """A missing file gives one line on standard error and exit code 1."""
    command = [sys.executable, "-m", "budgetfusion", "analyze", "efficiency", str(tmp_path / "none.parquet")]
    command[1:3] = ["-c", "from budgetfusion.cli import main; main()"]
    out = subprocess.run(command, capture_output=True, text=True, check=False)

    assert out.returncode == 1
    assert out.stderr.startswith("error: ")
    assert len(out.stderr.splitlines()) == 1

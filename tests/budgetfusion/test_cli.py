"""The one command lists everything at once, imports only what is called, and says failures in one line."""

import json
import subprocess
import sys
from importlib.metadata import EntryPoint, entry_points, metadata
from pathlib import Path

import click
import pytest

from budgetfusion import cli
from budgetfusion.errors import FileContentError

HEAVY = {"diffusers", "flask", "numpy", "pandas", "PIL", "pyarrow", "pydantic", "rich", "sqlalchemy", "torch"}

RUN = """
import json, sys
from budgetfusion.cli import cli
try:
    cli.main(sys.argv[1:], prog_name="budgetfusion")
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source of a module `its_command`; what is written there is the only installed command, `demo`."""
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint(name="demo", value="its_command:demo", group=cli.COMMANDS)
    monkeypatch.setattr(cli, "_commands", lambda: {"demo": entry})
    monkeypatch.setattr(sys, "argv", ["budgetfusion", "demo"])
    monkeypatch.delitem(sys.modules, "its_command", raising=False)
    return tmp_path / "its_command.py"


def test_help_lists_every_command_and_imports_none() -> None:
    """`--help` is instant, whatever is installed."""
    done = subprocess.run([sys.executable, "-c", RUN, "--help"], capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in json.loads(done.stderr)}

    assert [name for name in cli.SUMMARIES if f"\n  {name} " not in done.stdout] == []
    assert imported & HEAVY == set()


def test_every_summary_has_its_command() -> None:
    """`SUMMARIES` and the entry points name the same commands."""
    assert set(cli.SUMMARIES) == {entry.name for entry in entry_points(group=cli.COMMANDS)}


@pytest.mark.parametrize("name", cli.SUMMARIES)
def test_a_listed_command_can_be_called(name: str) -> None:
    """Each entry point leads to a command of that name that explains itself."""
    found = cli.cli.get_command(click.Context(cli.cli), name)

    assert found is not None
    assert found.name == name
    assert found.help


def test_every_extra_is_declared() -> None:
    """A remedy never names an extra that does not exist."""
    assert set(cli.EXTRAS.values()) <= set(metadata("budgetfusion").get_all("Provides-Extra") or [])


def test_an_unknown_command_is_refused() -> None:
    """There are no abbreviations to guess."""
    assert cli.cli.get_command(click.Context(cli.cli), "dem") is None


def test_a_missing_package_is_one_line(
    command: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names the package and the extra that brings it; there is no traceback."""
    command.write_text("import absent_package.part\n")
    monkeypatch.setattr(cli, "EXTRAS", {"absent_package": "generate"})

    assert _exit_code() == 1
    assert capsys.readouterr() == (
        "",
        "error: Python package 'absent_package' is not installed, and this command needs it. "
        "Run `make setup`, or `pip install -e '.[generate]'` in the clone.\n",
    )


def test_an_unknown_package_keeps_its_traceback(command: Path) -> None:
    """A misspelt import is a bug, not an absent extra."""
    command.write_text("import absent_package\n")
    with pytest.raises(ModuleNotFoundError, match="absent_package"):
        cli.main()


def test_an_expected_failure_is_one_line(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every error of the tree exits with 1 and prints only its message."""
    command.write_text(
        "import click\n"
        "from budgetfusion.errors import FileContentError\n"
        "@click.command()\n"
        "def demo(): raise FileContentError('a.parquet', 'no file', 'a table', 'Make it.')\n"
    )

    assert _exit_code() == 1
    assert capsys.readouterr() == ("", f"error: {FileContentError('a.parquet', 'no file', 'a table', 'Make it.')}\n")


def test_a_full_disk_is_one_line(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Wherever it strikes, also in a library's own writing."""
    command.write_text(
        "import click, errno\n@click.command()\ndef demo(): raise OSError(errno.ENOSPC, 'No space', 'study.db')\n"
    )

    assert _exit_code() == 1
    assert capsys.readouterr().err.startswith("error: study.db: no space left on the disk.")


def test_a_path_that_cannot_be_written_is_one_line(command: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The operating system's word, the path, and what to check."""
    command.write_text("import click\n@click.command()\ndef demo(): open('/proc/no/such/file', 'w')\n")

    assert _exit_code() == 1
    assert capsys.readouterr().err.startswith("error: /proc/no/such/file: No such file or directory. Check the path")


def test_a_bug_keeps_its_traceback(command: Path) -> None:
    """Nothing unexpected is hidden."""
    command.write_text("import click\n@click.command()\ndef demo(): raise ZeroDivisionError\n")
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_the_module_runs_as_the_command() -> None:
    """`python -m budgetfusion` is the same program."""
    done = subprocess.run(
        [sys.executable, "-m", "budgetfusion", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == "budgetfusion, version 0.1.0\n"


def _exit_code() -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code

"""Each finding of the doctor, on machines that have and that lack the thing."""

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

from budgetfusion import doctor
from budgetfusion.doctor import Check

REQUIREMENTS = ["click>=8", 'torch>=2; extra == "generate"', 'ray[data]>=2; extra == "distributed"']
GENERATE = "Run `pip install -e '.[generate]'` in the clone."
ALL = 'budgetfusion[generate,server]; extra == "all"'


@pytest.fixture
def without_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty PATH, and the folder that is its PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 9)])
def test_a_python_in_range_is_ok(version: tuple[int, int, int]) -> None:
    """The tests run with 3.11 to 3.13."""
    assert doctor.check_python(version) == Check("Python", "ok", ".".join(map(str, version)))


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_a_python_out_of_range_is_a_problem(version: tuple[int, int, int]) -> None:
    """The remedy names the versions."""
    check = doctor.check_python(version)

    assert check.status == "problem"
    assert "Install Python 3.11, 3.12 or 3.13" in check.remedy


def test_extras_are_read_from_the_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra's packages are those of the installation; 'all' and the core are no extras of their own."""
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1")

    assert doctor.check_extras([*REQUIREMENTS, ALL]) == [
        Check("extra 'generate'", "ok", "1 of 1 packages"),
        Check("extra 'distributed'", "ok", "1 of 1 packages"),
    ]


def test_a_missing_extra_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the demo needs is a problem, what special work needs is a note."""

    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)

    assert doctor.check_extras(REQUIREMENTS) == [
        Check("extra 'generate'", "problem", "missing torch", GENERATE),
        Check("extra 'distributed'", "note", "missing ray", "Run `pip install -e '.[distributed]'` in the clone."),
    ]


@pytest.mark.parametrize("extra", doctor.NEEDED_EXTRAS)
def test_a_needed_extra_exists(extra: str) -> None:
    """The doctor knows no extra that the package does not have."""
    assert extra in (importlib.metadata.metadata("budgetfusion").get_all("Provides-Extra") or [])


def test_torch_names_its_device() -> None:
    """On a machine without a GPU that is the number of threads."""
    torch = pytest.importorskip("torch")
    check = doctor.check_torch()

    assert check.status == "ok"
    assert f"torch {torch.__version__}, " in check.found


def test_missing_torch_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is the extra that brings it."""
    monkeypatch.setitem(sys.modules, "torch", None)

    assert doctor.check_torch() == Check("torch device", "problem", "torch is missing", GENERATE)


def test_weights_are_measured(tmp_path: Path) -> None:
    """Two files, one number."""
    for name in ("a.safetensors", "b.safetensors"):
        (tmp_path / name).write_bytes(bytes(1_000_000))

    assert doctor.check_weights(tmp_path) == Check("embedded model", "ok", "2.0 MB of weights")


def test_missing_weights_are_a_problem(tmp_path: Path) -> None:
    """A clone without its large files cannot draw."""
    check = doctor.check_weights(tmp_path / "weights")

    assert (check.status, check.found) == ("problem", f"no weights in {tmp_path / 'weights'}")
    assert "Get the whole repository" in check.remedy


@pytest.mark.parametrize(("free_mb", "status", "found"), [(2500, "ok", "2.5 GB"), (499, "problem", "499 MB")])
def test_free_disk_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, status: str, found: str
) -> None:
    """Below 500 MB the demo could not finish."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage(0, 0, free_mb * 1_000_000))
    check = doctor.check_disk(tmp_path)

    assert (check.status, check.found) == (status, found)
    assert bool(check.remedy) == (status != "ok")


def test_a_writable_folder_holds_sqlite(tmp_path: Path) -> None:
    """Nothing is left behind by the attempt."""
    check = doctor.check_database(f"sqlite:///{tmp_path}/study.db")

    assert check == Check("database", "ok", f"SQLite in {tmp_path}")
    assert list(tmp_path.iterdir()) == []


def test_sqlite_is_by_default_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path counts from where the command is called."""
    monkeypatch.chdir(tmp_path)

    assert doctor.check_database(doctor.DEFAULT_DATABASE_URL).found == f"SQLite in {tmp_path}"


def test_a_folder_that_is_not_writable_is_noted(tmp_path: Path) -> None:
    """A missing folder is the same."""
    check = doctor.check_database(f"sqlite:///{tmp_path}/absent/study.db")

    assert (check.status, check.remedy) == ("note", "Work in a folder of your own, or set DATABASE_URL.")
    assert "is not writable (No such file or directory)" in check.found


def test_a_postgresql_that_answers_is_ok() -> None:
    """A connection is enough; no password is sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check = doctor.check_database(f"postgresql+psycopg://me:secret@127.0.0.1:{port}/study")

    assert check == Check("database", "ok", f"PostgreSQL answers at 127.0.0.1:{port}")


@pytest.mark.parametrize("port", ["1", "x"])
def test_a_postgresql_that_does_not_answer_is_noted_without_its_password(port: str) -> None:
    """A closed port and a port that is no number."""
    check = doctor.check_database(f"postgresql://me:secret@127.0.0.1:{port}/study")

    assert (check.status, check.remedy[:16]) == ("note", "Start PostgreSQL")
    assert "secret" not in check.found


def test_another_database_is_noted() -> None:
    """Two kinds are supported."""
    assert doctor.check_database("mysql://me:secret@localhost/study").found == "scheme 'mysql'"


def test_a_port_is_free_or_in_use() -> None:
    """The remedy names another one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = doctor.check_port(port)
    remedy = f"Stop what listens there, or serve with --port {port + 1}."

    assert taken == Check(f"port {port}", "note", "in use", remedy)
    assert doctor.check_port(port) == Check(f"port {port}", "ok", "free")


def test_a_secret_key_is_never_shown() -> None:
    """Only whether there is one."""
    assert doctor.check_secret_key("hunter2") == Check("SECRET_KEY", "ok", "set")
    assert doctor.check_secret_key(None).status == "note"


def test_a_browser_is_found_by_starting_it(without_browser: Path) -> None:
    """Its version is shown."""
    _program(without_browser / "chromium", "echo Chromium 150.0")

    assert doctor.check_chromium(None) == Check("Chromium", "ok", "Chromium 150.0")


def test_the_configured_browser_comes_first(without_browser: Path) -> None:
    """BUDGETFUSION_CHROMIUM may be a path."""
    _program(without_browser / "mine", "echo Mine 1.0")
    _program(without_browser / "chromium", "echo Chromium 150.0")

    assert doctor.check_chromium(str(without_browser / "mine")).found == "Mine 1.0"


def test_playwrights_browser_counts(without_browser: Path) -> None:
    """`make setup` falls back to it."""
    (without_browser / "chromium-1200").mkdir()

    assert doctor.check_chromium(None) == Check("Chromium", "ok", "Playwright's chromium-1200")


@pytest.mark.parametrize("script", ["exit 1", None])
def test_a_browser_that_does_not_start_is_none(without_browser: Path, script: str | None) -> None:
    """A shim on the PATH is no browser."""
    if script:
        _program(without_browser / "chromium", script)
    check = doctor.check_chromium(None)

    assert (check.status, check.found) == ("note", "none found")


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("note", 0), ("problem", 1)])
def test_only_a_problem_fails(monkeypatch: pytest.MonkeyPatch, status: str, code: int) -> None:
    """The exit status says whether the demo can run; a text with brackets is shown as it is."""
    monkeypatch.setattr(doctor, "examine", lambda: [Check("thing", status, "found", GENERATE)])  # type: ignore[arg-type]
    result = CliRunner(env={"COLUMNS": "120"}).invoke(doctor.doctor)

    assert result.exit_code == code
    assert GENERATE in result.output


def test_machines_get_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--json` prints nothing else."""
    monkeypatch.setattr(doctor, "examine", lambda: [Check("thing", "ok", "found")])
    result = CliRunner().invoke(doctor.doctor, ["--json"])

    assert json.loads(result.output) == [{"name": "thing", "status": "ok", "found": "found", "remedy": ""}]


def test_every_finding_that_is_not_ok_has_a_remedy() -> None:
    """On this machine, whatever it is."""
    assert [check for check in doctor.examine() if (check.status == "ok") == bool(check.remedy)] == []


def test_the_doctor_needs_nothing_but_click() -> None:
    """It must run where everything else is missing."""
    script = "import sys, budgetfusion.doctor; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert {"rich", "numpy", "torch", "pydantic"} & set(done.stdout.split()) == set()


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o700)

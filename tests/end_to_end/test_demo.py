"""The whole path, as `make demo` goes it."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from stimuli.manifest import CHOICE_COLUMNS, read_manifest
from stimuli.verify import verify

OBSERVERS = 6


def demo(out: Path) -> subprocess.CompletedProcess[str]:
    """Run the demo without its server."""
    command = [sys.executable, "-m", "budgetfusion", "demo", "--no-serve", "--out", str(out)]
    return subprocess.run(
        [*command, "--observers", str(OBSERVERS)], capture_output=True, text=True, check=False, timeout=900
    )


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished demo."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = demo(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_folder_holds_manifest_choices_and_report(out: Path) -> None:
    """What an experimenter and an analyst look for is there, and the images verify."""
    assert verify(out / "stimuli").num_images > 40
    assert (out / "choices.parquet").is_file()
    assert (out / "report" / "index.html").is_file()
    assert (out / "stimuli" / "sheet.png").is_file()


def test_every_observer_answered_every_trial_and_is_marked(out: Path) -> None:
    """The exported columns are the contract's; every row is a simulated observer's."""
    table = pq.read_table(out / "choices.parquet")
    rows = table.to_pylist()

    assert tuple(table.column_names) == CHOICE_COLUMNS
    assert len({row["participant"] for row in rows}) == OBSERVERS
    assert {(row["mode"], "simulated-perceived" in row["flags"]) for row in rows} == {("bot", True)}
    assert {row["manifest_digest"] for row in rows} == {read_manifest(out / "stimuli").digest}


def test_observers_nearly_always_see_the_obvious(out: Path) -> None:
    """They look at the pictures: catch trials are right but for lapses."""
    catches = [
        row["correct"] for row in pq.read_table(out / "choices.parquet").to_pylist() if row["purpose"] == "catch"
    ]

    assert sum(catches) / len(catches) > 0.85


def test_the_report_says_that_it_is_simulated_and_stands_alone(out: Path) -> None:
    """One file, no reference to elsewhere, and nobody can take it for people's choices."""
    page = (out / "report" / "index.html").read_text(encoding="utf-8")

    assert "SIMULATED" in page
    assert "PERMUTED" in page
    assert 'src="http' not in page
    assert json.loads((out / "report" / "results.json").read_text())


def test_running_it_again_keeps_what_is_there(out: Path) -> None:
    """No image is made again, no observer comes twice."""
    before = {path: path.stat().st_mtime_ns for path in (out / "stimuli" / "images").iterdir()}
    choices = (out / "choices.parquet").read_bytes()

    done = demo(out)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.stat().st_mtime_ns for path in (out / "stimuli" / "images").iterdir()} == before
    assert (out / "choices.parquet").read_bytes() == choices
    assert ", kept)" in done.stdout

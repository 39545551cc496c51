"""`budgetfusion evaluate`, from the command line to its files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from budgetfusion import outputs
from budgetfusion.cli import cli
from budgetfusion.diffusion import pipeline
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.measurements import EVALUATION, SCORE, read_table
from budgetfusion.shots import Shot

BRIEF = ("--references", "4,5", "--fixed", "3", "--permutations", "1")


def run(*words: object) -> Result:
    """Type a command."""
    return CliRunner().invoke(cli, ["evaluate", *map(str, words)])


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Return a file with two prompts."""
    path = tmp_path / "prompts.txt"
    path.write_text("an empty white wall\na red ball on a green field\n")
    return path


@pytest.fixture
def loaded(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not load the model again."""
    monkeypatch.setattr(pipeline, "load", lambda *_, **__: model)


@pytest.fixture
def quick(loaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make noise that fades with the steps in place of images, and see its mean through every network."""

    def noise(shots: list[Shot], makers: object) -> dict[Shot, Any]:
        rng = np.random.default_rng(0)
        return {s: np.uint8(128 + rng.integers(-99, 99, (64, 64, 3)) / s.num_steps) for s in sorted(set(shots))}

    def mean(images: Any) -> tuple[Any, Any]:
        means = images.mean((1, 2)).astype(np.float32) / 255
        return means, means / means.sum(1, keepdims=True)

    monkeypatch.setattr("budgetfusion.shots.take", noise)
    monkeypatch.setattr(outputs, "network", lambda name: mean)


def test_a_second_run_gives_the_same_bytes(loaded: None, prompts: Path, tmp_path: Path) -> None:
    """From images that are generated again; a third keeps what is there."""
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    done = [run("--prompts", prompts, "--out", out, *BRIEF, "--baselines", "none") for out in (first, second, second)]

    assert [d.exit_code for d in done] == [0, 0, 0]
    assert first.read_bytes() == second.read_bytes()
    assert [d.stdout.endswith("kept)\n") for d in done] == [False, False, True]
    assert {row["rule"] for row in read_table(first, EVALUATION)} == {
        *("OURS", "UNIFORM", "UNIFORM-EXACT", "SPLIT", "BY-LENGTH", "PERMUTED", "REFERENCE", "FIXED-3")
    }
    assert [path.name for path in tmp_path.iterdir() if "parts" in path.name] == []


def test_every_baseline_and_every_score_has_its_rows(quick: None, tmp_path: Path) -> None:
    """On held-out captions, at OURS' cost, with the mixture told."""
    out, scores = tmp_path / "e.parquet", tmp_path / "s.parquet"
    done = run("--held-out", 3, "--out", out, "--scores", scores, "--network", "inception", *BRIEF)

    names = {"DDIM", "DDIM-TRAILING", "EULER-ANCESTRAL", "DEEPCACHE", "DISTRIFUSION"}
    assert done.exit_code == 0, done.output
    assert names < {row["rule"] for row in read_table(out, EVALUATION)}
    assert all(f"{name}: " in done.stderr and "of the images" in done.stderr for name in names)
    rows = read_table(scores, SCORE)
    assert names < {row["rule"] for row in rows}
    assert all(row["is_scenes"] is None and row["fid_inception"] >= 0 for row in rows)


def test_what_it_is_about_is_said_once(prompts: Path, tmp_path: Path) -> None:
    """Neither nothing nor two things."""
    nothing = run("--out", tmp_path / "e.parquet")
    both = run("--prompts", prompts, "--held-out", 1, "--out", tmp_path / "e.parquet")

    assert [r.exit_code for r in (nothing, both)] == [2, 2]
    assert all("expected BUDGETS and/or --prompts, or --held-out alone" in r.stderr for r in (nothing, both))


def test_an_unknown_baseline_is_named(prompts: Path, tmp_path: Path) -> None:
    """With those that there are."""
    done = run("--prompts", prompts, "--out", tmp_path / "e.parquet", "--baselines", "ddim,dpm")

    assert "found 'DPM', expected all, none, or some of DDIM, DDIM-TRAILING" in done.stderr

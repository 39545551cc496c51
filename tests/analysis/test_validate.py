"""Published results come back from published data; what is absent is named with its source."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from analysis.cli import analyze
from analysis.errors import ValidationDataError
from analysis.validate import CHECKS, SOURCES, Check, Outcome, validate

DATA = Path(os.environ.get("BF_VALIDATION_DATA", Path(__file__).parents[3] / "shared" / "data"))


def check(*published: float) -> Check:
    """Return a check whose recomputation is 1."""
    return Check("X1", "one", "dynavect_long.csv", published, 0.01, lambda path: (1.0,))


def test_every_published_result_comes_back() -> None:
    """Each row of the table holds within its tolerance."""
    if not all((DATA / name).is_file() for name in SOURCES):
        pytest.skip(f"no validation data in {DATA}; name its folder in BF_VALIDATION_DATA")

    assert [(o.check.id, o.check.quantity, o.miss) for o in validate(DATA) if not o.holds] == []


def test_every_file_has_a_source() -> None:
    """Whoever lacks a data set is told where it can be had."""
    assert {row.file for row in CHECKS} <= set(SOURCES)


def test_absent_data_are_named_with_their_source(tmp_path: Path) -> None:
    """An empty folder gives one line that names each set and where it is."""
    with pytest.raises(ValidationDataError, match=r"dynavect_long\.csv: github\.com/duriantaco/dynavect"):
        validate(tmp_path)


def test_a_miss_is_a_miss() -> None:
    """A distance beyond the tolerance, another count of numbers and NaN do not hold."""
    assert Outcome(check(1.005), (1.0,)).holds
    assert not Outcome(check(1.02), (1.0,)).holds
    assert not Outcome(check(1.0, 2.0), (1.0,)).holds
    assert not Outcome(check(1.0), (float("nan"),)).holds


def test_a_miss_is_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command prints published beside recomputed, and fails if one is missed."""
    (tmp_path / "dynavect_long.csv").write_text("")
    results = []
    for published in (1.0, 2.0):
        monkeypatch.setattr("analysis.validate.validate.__defaults__", ((check(published),),))
        results.append(CliRunner().invoke(analyze, ["validate", "--data", str(tmp_path)]))

    assert [result.exit_code for result in results] == [0, 1]
    assert "1 of 1 hold" in results[0].output

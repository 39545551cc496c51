"""A benchmark says what it measured, what was wanted and what others reach; its exit status is the verdict."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import harness
from benchmarks.harness import Figure, Spread, interleaved_ratio, main, report


def figure(value: float = 2.0, comparison: str = "<=", **changes: object) -> Figure:
    """Return a figure with target 2 beside a limit of 1."""
    facts = {"name": "thing", "unit": "s", "target": 2.0, "anchor": "the limit", "anchor_value": 1.0}
    return Figure(value=value, comparison=comparison, **{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "comparison", "holds"),
    [
        (1.9, "<=", True),
        (2.0, "<=", True),
        (2.1, "<=", False),
        (1.9, ">=", False),
        (2.0, ">=", True),
        (2.1, ">=", True),
    ],
)
def test_a_figure_holds_up_to_its_target(value: float, comparison: str, holds: bool) -> None:
    """The target itself is enough."""
    assert figure(value, comparison).holds is holds


def test_a_value_that_is_no_number_never_holds() -> None:
    """A benchmark that measured nothing fails."""
    assert not figure(float("nan"), "<=").holds
    assert not figure(float("nan"), ">=").holds


def test_a_figure_without_a_target_informs(capsys: pytest.CaptureFixture[str]) -> None:
    """It cannot fail, and its line says neither yes nor no."""
    assert report("thing", [figure(3.0, target=None)], quick=False)
    printed = capsys.readouterr().out

    assert "3 s" in printed
    assert "<=" not in printed
    assert "yes" not in printed


def test_both_are_called_in_turn() -> None:
    """One warm-up of each, then ABAB, so that both meet the same load."""
    calls: list[str] = []
    interleaved_ratio(lambda: calls.append("a"), lambda: calls.append("b"), pairs=2)

    assert "".join(calls) == "ababab"


def test_the_ratio_is_the_median_of_the_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow moment that meets both of a pair changes times, not their ratio."""
    times: Iterator[float] = iter([2.0, 1.0, 20.0, 10.0, 3.0, 1.0])
    monkeypatch.setattr(harness, "seconds", lambda _: next(times))
    found = interleaved_ratio(int, int, pairs=3)

    assert found.ratio == Spread(median=2.0, low=2.0, high=3.0)
    assert found.a_s == Spread(median=3.0, low=2.0, high=20.0)
    assert found.b_s == Spread(median=1.0, low=1.0, high=10.0)


def test_a_call_is_timed() -> None:
    """Wall time is never negative."""
    assert harness.seconds(int) >= 0


def test_the_facts_name_date_commit_and_hardware() -> None:
    """A figure without them cannot be read later."""
    assert {"date", "commit", "cpu", "cores", "gpu", "python", "threads"} <= set(harness.facts())


def test_a_report_shows_value_target_and_limit(capsys: pytest.CaptureFixture[str]) -> None:
    """All of it on one line for each figure."""
    holds = report("thing", [figure(1.5, low=1.25, high=1.75)], quick=True)
    printed = capsys.readouterr().out

    assert holds
    for part in ("thing (quick)", "1.5 s", "1.25 to 1.75", "<= 2", "the limit: 1", "1.50", "yes"):
        assert part in printed


def test_a_report_holds_only_if_every_figure_does(capsys: pytest.CaptureFixture[str]) -> None:
    """One miss is enough."""
    assert not report("thing", [figure(1.0), figure(3.0)], quick=False)
    assert "NO" in capsys.readouterr().out


def test_figures_are_saved_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each run adds one line with the figures and the facts."""
    report("thing", [figure()], quick=False, folder=tmp_path / "results")
    assert not (tmp_path / "results").exists()
    for _ in range(2):
        report("thing", [figure()], quick=True, save=True, folder=tmp_path / "results")
    rows = [json.loads(line) for line in (tmp_path / "results" / "thing.jsonl").read_text().splitlines()]

    assert len(rows) == 2
    assert (rows[0]["benchmark"], rows[0]["quick"], rows[0]["figures"][0]["holds"]) == ("thing", True, True)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (3.0, 1)])
@pytest.mark.parametrize("quick", [True, False])
def test_the_exit_status_is_the_verdict(
    value: float, code: int, quick: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 only if the target is reached; `--quick` goes to the benchmark."""
    seen: list[bool] = []

    def measure(quick: bool) -> list[Figure]:
        seen.append(quick)
        return [figure(value)]

    with pytest.raises(SystemExit) as caught:
        main("thing", measure, ["--quick"] if quick else [])

    assert (caught.value.code, seen) == (code, [quick])
    assert ("(quick)" in capsys.readouterr().out) == quick

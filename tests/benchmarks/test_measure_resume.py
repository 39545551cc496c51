"""The benchmark of killed measurements sees what it is there to see."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import measure_resume, measuring
from benchmarks.measure_resume import Tally
from benchmarks.measuring import STEPS, Sleeping
from budgetfusion.measurements import MEASUREMENT, write_table


def rows(prompts: str, *, d_sim: float = 0.25) -> list[dict[str, Any]]:
    """Return rows of prompts of one letter at every step count."""
    empty = dict.fromkeys(MEASUREMENT.names)
    return [
        empty | {"prompt": prompt, "seed": 0, "num_steps": num_steps, "d_sim": d_sim + 0.125 * (num_steps == STEPS[-1])}
        for prompt in prompts
        for num_steps in STEPS
    ]


def found(
    folder: Path, table: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, begun: int = 1
) -> dict[str, float]:
    """Return the figures of a measurement of two prompts that was killed once, and came out as this table."""
    for name, content in (("whole", rows("ab")), ("0", table)):
        (folder / name).mkdir()
        write_table(measuring.table(folder / name), content, MEASUREMENT)
        sleep = Sleeping(
            measuring.load_scenes, "x", "none", measuring.table(folder / name), log=folder / name / "log", seconds=0
        )
        for _ in range(begun):
            sleep(())
    monkeypatch.setattr(measure_resume, "_killed", lambda *_: Tally(kills=1, workers_killed=1))
    figures = measure_resume._figures(folder, "x", 2, 0, 1)
    return {figure.name.removeprefix("one process: "): figure.value for figure in figures}


@pytest.mark.parametrize(
    ("prompts", "d_sim", "wrong"),
    [
        ("ba", 0.25, (0, 0, 0)),
        ("aab", 0.25, (4, 0, len(MEASUREMENT.names))),
        ("a", 0.25, (0, 4, len(MEASUREMENT.names))),
        ("ab", 0.2500000000000001, (0, 0, 1)),
    ],
)
def test_what_is_doubled_lost_or_other_is_counted(
    prompts: str, d_sim: float, wrong: tuple[int, int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order is of no consequence; a doubled or lost prompt, and the last bit of one value, are."""
    figures = found(tmp_path, rows(prompts, d_sim=d_sim), monkeypatch)

    assert (figures["duplicate rows"], figures["lost rows"], figures["columns that differ"]) == wrong
    assert (figures["kills"], figures["batches begun again"]) == (1, 0)


def test_a_batch_that_is_begun_twice_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the log, whoever began it."""
    assert found(tmp_path, rows("ab"), monkeypatch, begun=3)["batches begun again"] == 2

"""Held-out predictions of every variant and control, and the table that they are kept in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError
from budgetfusion.predictions import PREDICTION, errors, write_predictions
from budgetfusion.predictor.controls import CONTROLS, Lesson, best_penalty, ridge
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.table1 import Split, Table1
from budgetfusion.steps import DENSE, KNOTS

World = Callable[..., list[dict[str, Any]]]
HELD_OUT = ["prompt 1", "prompt 4"]


@pytest.fixture
def table(model: Model, world: World, tmp_path: Path) -> Table1:
    """Eight made-up prompts of the embedded model, two of them held out."""
    return Table1(model, Split.of(world(8, digest=model.digest), HELD_OUT), tmp_path / "checkpoints")


def test_every_variant_and_control_answers_for_the_held_out_prompts(table: Table1, tmp_path: Path) -> None:
    """One row for each variant, prompt, metric and step count, with the digest of the file that was asked."""
    answers = table.answers(["paper"], lambda name, done, total: None, hidden=4, epochs=1)
    rows = write_predictions(tmp_path / "p.parquet", answers, table.labels)

    read = pq.read_table(tmp_path / "p.parquet")
    assert read.schema.equals(PREDICTION)
    assert (read.num_rows, rows) == (5 * 2 * 3 * 129,) * 2
    assert set(read["variant"].to_pylist()) == {"paper", *CONTROLS}
    assert sorted(set(read["prompt"].to_pylist())) == HELD_OUT
    kept = Predictor.load(tmp_path / "checkpoints" / "paper.safetensors")
    assert kept.digest in set(read["checkpoint_digest"].to_pylist())


def test_labels_are_marked_where_they_were_measured(table: Table1, tmp_path: Path) -> None:
    """At the twelve knots, and nowhere else."""
    write_predictions(tmp_path / "p.parquet", table.answers([], lambda name, done, total: None), table.labels)

    read = pq.read_table(tmp_path / "p.parquet").to_pylist()

    assert {row["num_steps"] for row in read if row["is_measured"]} == set(KNOTS)
    assert {row["num_steps"] for row in read} == set(DENSE)


def test_a_trained_variant_is_not_trained_again(table: Table1) -> None:
    """A run that stops goes on with the next variant; other sizes are another variant."""
    trained: list[str] = []
    ask = lambda hidden: table.answers(  # noqa: E731
        ["paper"], lambda name, done, total: trained.append(name), hidden=hidden, epochs=1
    )
    first = ask(4)
    count = len(trained)

    again = ask(4)
    assert len(trained) == count > 0
    assert (again[0].predicted == first[0].predicted).all()
    ask(5)
    assert len(trained) == 2 * count


def test_a_stopped_variant_goes_on_with_the_next_metric(table: Table1, tmp_path: Path) -> None:
    """The paper's networks are kept one by one, and those that are kept make the same whole."""
    told: list[str] = []

    def ask(stop_after: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        def tell(name: str, done: int, total: int) -> None:
            told.append(name)
            if len(told) == stop_after:
                raise KeyboardInterrupt

        return table.answers(["paper"], tell, hidden=4, epochs=1)[0].predicted

    with pytest.raises(KeyboardInterrupt):
        ask(stop_after=2)  # in the second network
    left = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    found = ask(stop_after=-1)

    assert left == ["paper.l_snr.safetensors"]
    assert len(told) == 2 + 3  # one epoch of d_sim again, two of i_clip
    for k, metric in enumerate(table.labels.metrics):
        part = Predictor.load(tmp_path / "checkpoints" / f"paper.{metric}.safetensors")
        assert part.network.config.metrics == (metric,)
        assert (part.predict(table._lesson.asked_text)[:, 0] == found[:, k]).all()


def test_a_split_without_a_side_is_refused(world: World) -> None:
    """Nothing can be judged on what was learned, nor learned from nothing."""
    with pytest.raises(FileContentError, match=r"rows to learn from and 0 held out, expected some of both"):
        Split.of(world(3), ["never measured"])


def test_one_prompt_in_ten_is_held_out_by_its_id(world: World) -> None:
    """The same prompts whatever else is measured, so a table that grows keeps its split."""
    few, many = Split.of(world(60, (0,))), Split.of(world(120, (0,)))

    held = {row["prompt"] for row in many.test}
    assert {row["prompt"] for row in few.test} <= held
    assert 4 <= len(held) <= 24


def test_errors_are_taken_at_the_measured_steps_up_to_65_or_at_all() -> None:
    """At 129 D-SIM and I-CLIP are 0 and 1 by construction, so that knot would flatter the headline."""
    labels = np.zeros((1, 1, 129))
    at_the_end, at_a_knot = labels.copy(), labels.copy()
    at_the_end[..., 128], at_a_knot[..., 8] = 1.0, 1.0

    assert errors(at_the_end, labels)["measured"] == 0.0
    assert errors(at_a_knot, labels)["measured"] == pytest.approx(1 / 11)
    assert errors(at_the_end, labels)["interpolated"] == pytest.approx(1 / 129)


def test_ridge_hears_what_a_line_can_tell(rng: np.random.Generator) -> None:
    """Where the curves are linear in the text its penalty is small and its error nothing beside the mean curve's."""
    text = rng.normal(size=(60, 4)).astype("f4")
    slope = rng.normal(size=(4, 6)) * 0.05
    targets = (0.5 + text @ slope).reshape(60, 2, 3)
    lesson = Lesson([""] * 40, text[:40], targets[:40], [""] * 20, text[40:])

    assert np.abs(ridge(lesson).curves - targets[40:]).max() < 1e-3
    assert np.abs(CONTROLS["mean-curve"](lesson).curves - targets[40:]).mean() > 0.02


def test_the_penalty_is_that_of_the_least_leave_one_out_error(rng: np.random.Generator) -> None:
    """The closed form agrees with leaving each prompt out in turn."""
    text, targets = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))

    def left_out(penalty: float) -> float:
        losses = []
        for k in range(12):
            x, y = np.delete(text, k, 0), np.delete(targets, k, 0)
            x1 = np.column_stack([np.ones(11), x])
            slopes = np.linalg.solve(x1.T @ x1 + penalty * np.diag([0, 1, 1, 1]), x1.T @ y)
            losses.append(np.square(np.array([1, *text[k]]) @ slopes - targets[k]).mean())
        return float(np.mean(losses))

    from budgetfusion.predictor.controls import PENALTIES

    assert best_penalty(text, targets) == pytest.approx(PENALTIES[int(np.argmin([left_out(p) for p in PENALTIES]))])

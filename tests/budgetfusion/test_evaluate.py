"""What each rule's images are worth."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from budgetfusion import evaluate as evaluating
from budgetfusion import shots
from budgetfusion.baselines.errors import BudgetUnmatchedError
from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.evaluate import Evaluation, Question
from budgetfusion.measurements import EVALUATION, write_table
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.metrics.networks import Network
from budgetfusion.shots import Shot

Row = dict[str, Any]


def budget(prompt: str, num_steps: int) -> Budget:
    """Return a row of the budget table for rule OURS."""
    return Budget(prompt_id(prompt), prompt, "OURS", 2, 2, 2, num_steps, "d_sim", "ok", "p" * 64, "m" * 64)


BUDGETS = [budget("an empty white wall", 3), budget("a red ball on a green field", 5)]
QUESTION = Question(
    BUDGETS, [0], references=(6, 7), fixed=(4, 6), permutations=2, baselines=("DDIM", "EULER-ANCESTRAL")
)


@pytest.fixture(scope="module")
def evaluation(model: Model) -> Evaluation:
    """Return a small question about the real pipeline."""
    return Evaluation(model, QUESTION, slots=2)


@pytest.fixture(scope="module")
def rows(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Return its rows, generated."""
    path = tmp_path_factory.mktemp("evaluation") / "e.parquet"
    return evaluation.rows(evaluation.measured(scene_encoder(), {}, path), scene_encoder())


def test_rows_hold_metrics_of_images_at_exactly_the_steps_chosen(rows: list[Row]) -> None:
    """OURS' row has OURS' steps; the reference is perfect against itself."""
    ours = {row["prompt"]: row["num_steps"] for row in rows if row["rule"] == "OURS"}
    itself = [row for row in rows if row["rule"] == "REFERENCE" and row["reference_num_steps"] == 6]

    assert ours == {b.prompt: b.num_steps for b in BUDGETS}
    assert {(row["d_sim"], row["i_clip"]) for row in itself} == {(0.0, 1.0)}


def test_there_is_a_row_for_every_prompt_seed_and_reference(rows: list[Row]) -> None:
    """Rules are compared with Euler's references, and a sampler with its own, too."""
    found = {(row["rule"], row["reference"], row["reference_num_steps"]) for row in rows}
    rules = ["OURS", "UNIFORM", "UNIFORM-EXACT", "BY-LENGTH", "REFERENCE", "FIXED-4", "PERMUTED", *QUESTION.baselines]

    shared = {(rule, "EULER", n) for rule in rules for n in (6, 7)}
    assert found == shared | {(name, name, n) for name in QUESTION.baselines for n in (6, 7)}
    assert len(rows) == 2 * (6 * 2 + 2 * 2 + 2 * 4)


def test_cost_is_linear_in_steps(rows: list[Row]) -> None:
    """Two images of one more step cost two more steps."""
    cost = {row["num_steps"]: row["tflop"] for row in rows}

    assert (cost[5] - cost[3]) / 2 == pytest.approx(cost[4] - cost[3])


def test_baselines_cost_what_ours_does(rows: list[Row]) -> None:
    """Over all prompts, within half a percent."""

    def total(rule: str) -> float:
        return sum(
            r["tflop"] for r in rows if (r["rule"], r["reference"], r["reference_num_steps"]) == (rule, "EULER", 6)
        )

    assert [total(name) / total("OURS") for name in QUESTION.baselines] == pytest.approx([1, 1], abs=0.005)


def test_a_finished_evaluation_is_recognised(model: Model, evaluation: Evaluation, rows: list[Row]) -> None:
    """Other seeds, budgets, references, permutations, baselines or encoders are another question."""
    own = [row for row in rows if row["rule"] not in QUESTION.baselines]
    asked = replace(QUESTION, baselines=())

    assert evaluation.answers(rows, scene_encoder())
    assert not evaluation.answers(rows[1:], scene_encoder())
    assert not evaluation.answers(own, scene_encoder())
    assert Evaluation(model, asked).answers(own, scene_encoder())
    assert not evaluation.answers([row | {"encoder": "dreamsim+clip:0a1b2c3d4e5f"} for row in rows], scene_encoder())
    for other in ({"seeds": [0, 1]}, {"references": (6, 8)}, {"permutations": 3}, {"budgets": BUDGETS[:1]}):
        assert not Evaluation(model, replace(asked, **other)).answers(own, scene_encoder())


class Camera:
    """Stands in for the making of images: noise that fades with the steps; counts what it was asked for."""

    def __init__(self) -> None:
        self.taken, self.stop_after = 0, 10**6

    def __call__(self, wanted: list[Shot], makers: object) -> dict[Shot, np.ndarray[Any, np.dtype[np.uint8]]]:
        """Make the images of a part, or stop like a pulled plug."""
        if self.taken + len(wanted) > self.stop_after:
            raise KeyboardInterrupt
        self.taken += len(wanted)
        return {shot: self._of(shot) for shot in sorted(set(wanted))}

    def _of(self, shot: Shot) -> np.ndarray[Any, np.dtype[np.uint8]]:
        noise = np.random.default_rng([shot.seed, len(shot.prompt), len(shot.method)]).integers(0, 255, (64, 64, 3))
        return np.uint8(128 + (noise - 128) / shot.num_steps)


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    """Put the stand-in where images are made, and let a part be one prompt and seed."""
    stand_in = Camera()
    monkeypatch.setattr(shots, "take", stand_in)
    monkeypatch.setattr(evaluating, "CHUNK", 1)
    return stand_in


def test_a_stopped_run_goes_on_where_it_stopped(evaluation: Evaluation, camera: Camera, tmp_path: Path) -> None:
    """Finished parts are not made again, and the table's bytes are those of a run that was never stopped."""
    whole, path = tmp_path / "whole.parquet", tmp_path / "e.parquet"
    write_table(whole, evaluation.rows(evaluation.measured(scene_encoder(), {}, whole), scene_encoder()), EVALUATION)
    every, camera.stop_after = camera.taken, camera.taken + 12
    with pytest.raises(KeyboardInterrupt):
        evaluation.measured(scene_encoder(), {}, path)
    before, camera.stop_after = camera.taken, 10**6

    write_table(path, evaluation.rows(evaluation.measured(scene_encoder(), {}, path), scene_encoder()), EVALUATION)

    assert every < before < 2 * every == camera.taken
    assert path.read_bytes() == whole.read_bytes()


def test_captions_have_a_column(evaluation: Evaluation, camera: Camera, tmp_path: Path) -> None:
    """Null where they were not asked for; parts of one encoder are not taken for those of another."""
    spoken, path = scene_encoder(captions=True), tmp_path / "e.parquet"
    without = evaluation.rows(evaluation.measured(scene_encoder(), {}, path), scene_encoder())
    rows = evaluation.rows(evaluation.measured(spoken, {}, path), spoken)

    assert {(row["i_clip_caption"], row["encoder"]) for row in without} == {(None, scene_encoder().name)}
    assert {row["encoder"] for row in rows} == {spoken.name}
    assert all(0 <= row["i_clip_caption"] <= 1 for row in rows)
    itself = [row for row in rows if row["rule"] == "REFERENCE" and row["reference_num_steps"] == 6]
    assert {row["i_clip_caption"] for row in itself} == {1.0}


def test_what_networks_see_is_kept(evaluation: Evaluation, camera: Camera, tmp_path: Path) -> None:
    """Features and probabilities of each image lie beside its metrics, for scores of sets."""

    def mean_and_rest(images: Any) -> tuple[Any, Any]:
        means = images.mean((1, 2, 3))[:, None].astype(np.float32) / 255
        return means, np.concatenate([means, 1 - means], axis=1)

    network: Network = mean_and_rest
    measured = evaluation.measured(scene_encoder(), {"scenes": network}, tmp_path / "e.parquet")
    again = evaluation.measured(scene_encoder(), {"scenes": network}, tmp_path / "e.parquet")

    seen = next(iter(measured.values()))["seen"]
    assert [(one["network"], len(one["features"]), len(one["probabilities"])) for one in seen] == [("scenes", 1, 2)]
    assert {s: np.float32(r["seen"][0]["features"][0]) for s, r in measured.items()} == {
        s: np.float32(r["seen"][0]["features"][0]) for s, r in again.items()
    }


def test_too_few_prompts_for_a_baseline_are_refused(model: Model) -> None:
    """Two images cannot be mixed to half a percent of a cost that is no sum of theirs."""
    with pytest.raises(BudgetUnmatchedError, match=r"expected one within 0\.5 %"):
        Evaluation(model, Question(BUDGETS, [0], baselines=("DISTRIFUSION",)))

"""Scores of sets of images."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError
from budgetfusion.evaluate import Evaluation, Question
from budgetfusion.scores import last_references, real_images, scores
from budgetfusion.shots import Shot

PROMPTS = ("an empty white wall", "a red ball on a green field", "snow")


@pytest.fixture(scope="module")
def evaluation(model: Model) -> Evaluation:
    """Return a question that is not asked of the model: what is seen is made up."""
    budgets = [
        Budget(prompt_id(p), p, "OURS", 2, 2, 2, n, "d_sim", "ok", None, "m" * 64) for n, p in enumerate(PROMPTS, 3)
    ]
    return Evaluation(model, Question(budgets, [0, 1], (9,), (9,), permutations=2, baselines=()))


@pytest.fixture
def measured(evaluation: Evaluation, rng: np.random.Generator) -> dict[Shot, dict[str, object]]:
    """Return what a network with four features and two classes sees; fewer steps are farther from many."""

    def seen(shot: Shot) -> dict[str, object]:
        features, share = rng.normal(size=4) + 9 / shot.num_steps, rng.uniform()
        return {"seen": [{"network": "scenes", "features": features.tolist(), "probabilities": [share, 1 - share]}]}

    return {shot: seen(shot) for cell in evaluation.shots.values() for shot in cell}


def test_every_rule_and_replicate_is_scored(evaluation: Evaluation, measured: dict[Shot, dict[str, object]]) -> None:
    """Through the networks that saw the images; the others' columns stay empty."""
    real = last_references(evaluation, measured, ["scenes"])
    rows = list(scores(evaluation, measured, ["scenes"], real, "EULER-9"))

    assert [(r["rule"], r["replicate"]) for r in rows] == [(a.rule, a.replicate) for a in evaluation.allocations]
    assert {(r["num_images"], r["frechet_to"], r["fid_inception"], r["is_scenes_sd"]) for r in rows} == {
        (6, "EULER-9", None, None)
    }
    assert all(1 <= r["is_scenes"] <= 2 for r in rows)


def test_the_reference_does_not_differ_from_itself(
    evaluation: Evaluation, measured: dict[Shot, dict[str, object]]
) -> None:
    """Its Fréchet distance to its own images is 0, and OURS' is not."""
    real = last_references(evaluation, measured, ["scenes"])
    found = {r["rule"]: r["fid_scenes"] for r in scores(evaluation, measured, ["scenes"], real, "EULER-9")}

    assert found["REFERENCE"] == pytest.approx(0, abs=1e-6)
    assert found["OURS"] > 0.1


def test_real_images_may_differ_in_size(tmp_path: Path) -> None:
    """A folder of files, whatever else lies there."""
    for k, side in enumerate((8, 16, 24)):
        Image.new("RGB", (side, side), (40 * k, 0, 0)).save(tmp_path / f"{k}.png")
    (tmp_path / "notes.txt").write_text("none")

    mean, _ = real_images(tmp_path, {"mean": lambda images: (images.mean((1, 2)), images)})["mean"]

    assert mean == pytest.approx([40, 0, 0])


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    """And a file that is none is named."""
    with pytest.raises(FileContentError, match=r"found 0 image\(s\), expected at least two"):
        real_images(tmp_path, {})
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("none")
    with pytest.raises(FileContentError, match=r"a\.png: found no image"):
        real_images(tmp_path, {})

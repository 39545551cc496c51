"""What the figures of an evaluation show."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from budgetfusion import figures
from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.evaluate import Question
from budgetfusion.figures import draw, neighbours, spread
from budgetfusion.metrics.encoder import scene_encoder


def budget(prompt: str, num_steps: int, predictor: str | None = None) -> Budget:
    """Return a row of the budget table for rule OURS."""
    return Budget(prompt_id(prompt), prompt, "OURS", 3, num_steps, 4, num_steps, "d_sim", "ok", predictor, "m" * 64)


def test_neighbours_are_clearly_apart() -> None:
    """The nearest knots that are at least a factor of 1.25 away, and double beyond the last knot."""
    assert [neighbours(n) for n in (2, 8, 17, 22, 129)] == [(1, 3), (5, 17), (9, 22), (17, 33), (65, 258)]


def test_prompts_are_spread_over_their_steps() -> None:
    """From the fewest to the most."""
    budgets = [budget(str(n), n) for n in (9, 3, 30, 5, 12, 7, 20)]

    assert [budgets[k].num_steps for k in spread(budgets, 3)] == [3, 9, 30]
    assert [budgets[k].num_steps for k in spread(budgets[:2], 3)] == [3, 9]


@pytest.mark.parametrize("predictor", [None, "p" * 64])
def test_both_figures_are_drawn(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, predictor: str | None
) -> None:
    """Where the predictor is not the budgets' own, without curves."""

    def noise(model: Model, slots: int, prompts: list[str], seeds: list[int], steps: list[int], share: bool) -> object:
        rng = np.random.default_rng(0)
        return [np.uint8(128 + rng.integers(-99, 99, (64, 64, 3)) / n) for n in steps]

    monkeypatch.setattr(figures, "in_slots", noise)
    budgets = [budget("a red ball on a green field", 5, predictor), budget("an empty white wall", 9, predictor)]

    paths = list(draw(model, Question(budgets, [0], references=(17,)), tmp_path, scene_encoder()))

    assert [path.name for path in paths] == ["sufficiency.png", "neighbours.png"]
    for path in paths:
        with Image.open(path) as figure:
            assert min(figure.size) > 600

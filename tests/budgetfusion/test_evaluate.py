"""What each rule's images are worth."""

import numpy as np
import pytest

from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.evaluate import allocations, evaluate, is_current
from budgetfusion.metrics.encoder import scene_encoder


def budget(prompt: str, num_steps: int) -> Budget:
    """Return a row of the budget table for rule OURS."""
    return Budget(prompt_id(prompt), prompt, "OURS", 2, 2, 2, num_steps, "d_sim", "ok", "p" * 64, "m" * 64)


BUDGETS = [budget("an empty white wall", 3), budget("a red ball on a green field", 5)]


def test_every_rule_has_ours_mean_but_the_reference() -> None:
    """UNIFORM up to rounding, PERMUTED exactly."""
    ours = np.array([3, 5, 9, 12])

    found = {(a.rule, a.replicate): a.num_steps.mean() for a in allocations(ours, 65, 2, 0)}

    assert found == {
        ("OURS", 0): 7.25,
        ("UNIFORM", 0): 7.0,
        ("REFERENCE", 0): 65.0,
        ("PERMUTED", 0): 7.25,
        ("PERMUTED", 1): 7.25,
    }


@pytest.fixture(scope="module")
def rows(model: Model) -> list[dict[str, object]]:
    """Return a small evaluation on the real pipeline."""
    return evaluate(model, scene_encoder(), BUDGETS, [0], reference=9, permutations=2)


def test_rows_hold_metrics_of_images_at_exactly_the_steps_chosen(rows: list[dict[str, object]]) -> None:
    """OURS' row has OURS' steps; the reference is perfect against itself."""
    ours = {row["prompt"]: row["num_steps"] for row in rows if row["rule"] == "OURS"}

    assert ours == {b.prompt: b.num_steps for b in BUDGETS}
    assert {(row["d_sim"], row["i_clip"]) for row in rows if row["rule"] == "REFERENCE"} == {(0.0, 1.0)}


def test_cost_is_linear_in_steps(rows: list[dict[str, object]]) -> None:
    """Two images of one more step cost two more steps."""
    cost = {row["num_steps"]: row["tflop"] for row in rows}

    assert (cost[5] - cost[3]) / 2 == pytest.approx((cost[9] - cost[5]) / 4)


def test_a_finished_evaluation_is_recognised(model: Model, rows: list[dict[str, object]]) -> None:
    """Other seeds, budgets or permutations are another evaluation."""
    assert is_current(rows, BUDGETS, [0], 9, 2, model.digest)
    assert not is_current(rows, BUDGETS, [0, 1], 9, 2, model.digest)
    assert not is_current(rows, [budget("an empty white wall", 4), BUDGETS[1]], [0], 9, 2, model.digest)
    assert not is_current(rows, BUDGETS, [0], 9, 3, model.digest)
    assert not is_current([], BUDGETS, [0], 9, 2, model.digest)

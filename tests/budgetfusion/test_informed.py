"""Rules that know more than OURS' plateaus, at OURS' total."""

from pathlib import Path

import numpy as np
import pytest

from budgetfusion import informed, scenes
from budgetfusion.budgets import Budget
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import MEASUREMENT, read_table, write_table
from budgetfusion.scenes.captions import captions
from budgetfusion.stepsaver.labelling import SIMILARITY
from budgetfusion.subjects import predicted

ASKED = captions(held_out=True, each=2)


@pytest.fixture(scope="module")
def budgets(model: Model) -> list[Budget]:
    """Return what the shipped predictor gives to held-out captions."""
    return predicted(model, ASKED)


def test_split_keeps_to_ours_total(model: Model, budgets: list[Budget]) -> None:
    """The total is spent where predicted curves say that it is worth most."""
    found = informed.by_predictions(model, budgets)

    assert found.rule == "SPLIT"
    assert found.num_steps.sum() <= sum(budget.num_steps for budget in budgets)
    assert found.num_steps.min() >= 2


def test_measured_curves_deal_ours_budgets_and_split_its_total(budgets: list[Budget]) -> None:
    """BY-MEASURED has OURS' multiset, ORACLE at most its total, and both follow the shipped curves."""
    dealt, best = informed.by_measurements(budgets, scenes.MEASUREMENTS)
    ours = [budget.num_steps for budget in budgets]

    assert (dealt.rule, best.rule) == ("BY-MEASURED", "ORACLE")
    assert sorted(dealt.num_steps.tolist()) == sorted(ours)
    assert best.num_steps.sum() <= sum(ours)
    assert (dealt.num_steps != ours).any()


def test_prompts_without_curves_are_named(budgets: list[Budget], tmp_path: Path) -> None:
    """No rule is made up for a prompt that nobody measured."""
    rows = [row for row in read_table(scenes.MEASUREMENTS, MEASUREMENT) if row["prompt"] != ASKED[3]]
    write_table(tmp_path / "m.parquet", rows, MEASUREMENT)

    with pytest.raises(FileContentError, match=rf"no curves of 1 prompt\(s\), '{ASKED[3]}' first"):
        informed.by_measurements(budgets, tmp_path / "m.parquet")


def similarity(prompt: str, settled: int) -> dict[str, object]:
    """Return a row whose images are all alike from the step count at a place on."""
    to_next = [0.5 + 0.1 * k if k < settled else 0.9 - 0.01 * k for k in range(4)]
    own = {"prompt_id": "p", "seed": 0, "grid": [10, 20, 30, 40, 50], "to_final": [0.5, 0.6, 0.7, 0.8, 1.0]}
    return {"prompt": prompt, "to_next": to_next, "config_digest": "m" * 64} | own


def test_stepsaver_r_learns_from_other_prompts_alone(budgets: list[Budget], tmp_path: Path) -> None:
    """What it says of the asked prompts' words decides who gets OURS' larger budgets; their own labels do not count."""
    crowded = [f"a crowd of {k} birds" for k in range(8)]
    quiet = [f"an empty wall {k}" for k in range(8)]
    rows = [similarity(p, 3) for p in crowded] + [similarity(p, 0) for p in quiet]
    write_table(tmp_path / "s.parquet", rows, SIMILARITY)
    write_table(tmp_path / "t.parquet", [*rows, *(similarity(p, 0) for p in ASKED)], SIMILARITY)

    found, same = (informed.by_similarities(budgets, tmp_path / name) for name in ("s.parquet", "t.parquet"))

    assert found.rule == "STEPSAVER-R"
    assert sorted(found.num_steps.tolist()) == sorted(budget.num_steps for budget in budgets)
    assert found.num_steps.tolist() == same.num_steps.tolist()


def test_stepsaver_r_needs_prompts_to_learn_from(budgets: list[Budget], tmp_path: Path) -> None:
    """Labels of the asked prompts alone are none."""
    write_table(tmp_path / "s.parquet", [similarity(prompt, 1) for prompt in ASKED], SIMILARITY)

    with pytest.raises(FileContentError, match="no prompt beside those asked"):
        informed.by_similarities(budgets, tmp_path / "s.parquet")


def test_equals_are_dealt_by_the_seed(budgets: list[Budget]) -> None:
    """The same seed deals the same."""
    same = [informed.by_measurements(budgets, scenes.MEASUREMENTS, seed)[0].num_steps for seed in (0, 0)]

    assert np.array_equal(*same)

"""What an evaluation is about."""

from pathlib import Path

import pytest

from budgetfusion.budgets import Budget, prompt_id, write_budgets
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError
from budgetfusion.scenes.captions import STRATA
from budgetfusion.subjects import from_table, held_out, predicted

PROMPTS = ["an empty white wall", "a red ball on a green field"]


@pytest.fixture
def table(model: Model, tmp_path: Path) -> Path:
    """Return a budget table with both rules."""
    rules = [(rule, p, n) for rule in ("OURS", "UNIFORM") for n, p in enumerate(PROMPTS, 4)]
    rows = [Budget(prompt_id(p), p, rule, 2, 2, 2, n, "d_sim", "ok", None, model.digest) for rule, p, n in rules]
    write_budgets(tmp_path / "budgets.parquet", rows)
    return tmp_path / "budgets.parquet"


def test_a_table_gives_ours(model: Model, table: Path) -> None:
    """UNIFORM's rows follow from them."""
    assert [(b.rule, b.num_steps) for b in from_table(model, table)] == [("OURS", 4), ("OURS", 5)]


def test_only_some_prompts_of_a_table(model: Model, table: Path) -> None:
    """In the order in which they are asked; one that is not there is named."""
    assert [b.num_steps for b in from_table(model, table, PROMPTS[::-1])] == [5, 4]
    with pytest.raises(FileContentError, match=r"no budget of 1 prompt\(s\), 'snow' first"):
        from_table(model, table, [PROMPTS[0], "snow"])


def test_budgets_are_predicted_where_there_is_no_table(model: Model) -> None:
    """With the digest of the predictor that gave them."""
    found = predicted(model, PROMPTS)

    assert [b.prompt for b in found] == PROMPTS
    assert all(b.predictor_digest and b.rule == "OURS" and b.num_steps >= 2 for b in found)


def test_held_out_captions_come_from_every_stratum() -> None:
    """As many of each, none twice."""
    assert len(set(held_out(2))) == 2 * len(STRATA)

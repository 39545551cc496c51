"""THE BUDGET TABLE."""

from dataclasses import fields
from pathlib import Path

import pytest

from budgetfusion.budgets import BUDGET, Budget, prompt_id, read_budgets, write_budgets
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import COST, write_table

OURS = Budget("0a1b2c3d4e5f", "a red ball", "OURS", 27, 33, 22, 33, "d_sim", "ok", "p" * 64, "m" * 64)
UNIFORM = Budget("0a1b2c3d4e5f", "a red ball", "UNIFORM", None, None, None, 30, None, "ok", None, "m" * 64)


def test_the_record_has_the_columns_of_the_table() -> None:
    """Names and order are the same."""
    assert [field.name for field in fields(Budget)] == BUDGET.names


def test_budgets_are_read_as_written(tmp_path: Path) -> None:
    """Also where a rule did not ask the predictor."""
    write_budgets(tmp_path / "budgets.parquet", [OURS, UNIFORM])

    assert read_budgets(tmp_path / "budgets.parquet") == [OURS, UNIFORM]


def test_a_prompt_has_one_name_everywhere() -> None:
    """The name is pinned: tables of different runs are joined by it (sha256sum of the UTF-8 text)."""
    assert prompt_id("a red ball") == "9bc68b58423c"


def test_another_table_is_refused(tmp_path: Path) -> None:
    """The message names its columns."""
    write_table(tmp_path / "budgets.parquet", [], COST)
    with pytest.raises(FileContentError, match="found columns"):
        read_budgets(tmp_path / "budgets.parquet")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    """There are no default budgets."""
    with pytest.raises(FileContentError, match="found no file"):
        read_budgets(tmp_path / "budgets.parquet")

"""The rows of the cost table."""

from pathlib import Path

from budgetfusion.cost import count_flops
from budgetfusion.diffusion.costs import costs
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.measurements import COST, read_table, write_table


def test_a_row_counts_operations_and_measures_seconds(model: Model, tmp_path: Path) -> None:
    """A CPU has no meter of joules, and its row says so by holding none."""
    rows = costs(model, "an empty white wall", (1, 3), calls=1)
    write_table(tmp_path / "costs.parquet", rows, COST)

    assert read_table(tmp_path / "costs.parquet", COST) == rows
    assert [row["tflop"] for row in rows] == [count_flops(model.pipe, 64, 64).image(n) for n in (1, 3)]
    assert all(row["seconds"] > 0 for row in rows)
    assert {row["joules"] for row in rows if model.device == "cpu"} <= {None}

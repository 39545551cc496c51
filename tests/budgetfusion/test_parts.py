"""Finished parts of a table."""

from pathlib import Path

import pyarrow as pa
import pytest

from budgetfusion.parts import Parts

SCHEMA = pa.schema([("k", pa.int64())])


def test_a_finished_part_is_not_made_again(tmp_path: Path) -> None:
    """Its rows are read; another key's are made."""
    parts = Parts(tmp_path / "t.parquet", SCHEMA)
    parts.rows([1], lambda: [{"k": 1}])

    assert parts.rows([1], lambda: pytest.fail("made again")) == [{"k": 1}]
    assert parts.rows([2], lambda: [{"k": 2}]) == [{"k": 2}]


def test_nothing_is_left(tmp_path: Path) -> None:
    """Once the table is whole its parts are gone, and clearing twice is no error."""
    parts = Parts(tmp_path / "t.parquet", SCHEMA)
    parts.rows([1], lambda: [{"k": 1}])
    parts.clear()
    parts.clear()

    assert list(tmp_path.iterdir()) == []

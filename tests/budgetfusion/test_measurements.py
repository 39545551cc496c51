"""The tables are read as they were written, or refused with a reason."""

import errno
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from budgetfusion.errors import FileContentError, NoSpaceError
from budgetfusion.measurements import COST, EVALUATION, MEASUREMENT, read_table, write_table

ROWS: list[dict[str, Any]] = [
    {
        "prompt_id": "0a1b2c3d4e5f",
        "prompt": "ein größerer Ball",
        "seed": 7,
        "num_steps": 27,
        "method": "euler",
        "l_snr_db": 41.25,
        "l_snr": 0.1,
        "d_sim": 0.2,
        "i_clip": 0.9,
        "i_clip_caption": None,
        "ssim": None,
        "encoder": "scenes:0a1b2c3d4e5f",
        "config_digest": "c" * 64,
    }
]


def test_the_columns_are_the_contract() -> None:
    """Measurement and cost share no row: one is reproducible, the other is not."""
    assert not {"seconds", "joules", "tflop"} & set(MEASUREMENT.names)
    assert COST.names == ["config_digest", "num_steps", "tflop", "tflop_attention", "seconds", "joules", "hardware"]
    assert {"rule", "replicate", "reference_num_steps"} <= set(EVALUATION.names)


def test_rows_are_read_as_written(tmp_path: Path) -> None:
    """Every value comes back bit for bit, missing ones as none."""
    write_table(tmp_path / "rows.parquet", ROWS, MEASUREMENT)

    assert read_table(tmp_path / "rows.parquet", MEASUREMENT) == ROWS


def test_no_rows_are_a_table_too(tmp_path: Path) -> None:
    """An empty table keeps its columns."""
    write_table(tmp_path / "rows.parquet", [], COST)

    assert read_table(tmp_path / "rows.parquet", COST) == []


def test_a_value_of_another_type_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    """A step count that is text never reaches the disk."""
    with pytest.raises(pa.ArrowException):
        write_table(tmp_path / "rows.parquet", [{**ROWS[0], "num_steps": "many"}], MEASUREMENT)

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long measurements end with one line, not with half a table."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(NoSpaceError, match=r"rows\.parquet: no space left"):
        write_table(tmp_path / "rows.parquet", ROWS, MEASUREMENT)

    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message tells that a command makes it."""
    with pytest.raises(FileContentError, match="found no file, expected a Parquet table"):
        read_table(tmp_path / "rows.parquet", MEASUREMENT)


def test_another_format_is_named(tmp_path: Path) -> None:
    """A text file is no Parquet."""
    (tmp_path / "rows.parquet").write_text("prompt,num_steps\n")
    with pytest.raises(FileContentError, match="found no Parquet, expected a Parquet table"):
        read_table(tmp_path / "rows.parquet", MEASUREMENT)


def test_other_columns_are_named(tmp_path: Path) -> None:
    """A cost table is no measurement table, and the message shows both."""
    write_table(tmp_path / "rows.parquet", [], COST)
    with pytest.raises(FileContentError, match=r"found columns \['config_digest', .* expected columns \['prompt_id', "):
        read_table(tmp_path / "rows.parquet", MEASUREMENT)

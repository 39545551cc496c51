"""Finished parts of a long piece of work, kept beside its table until the table is whole."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from budgetfusion.config import digest
from budgetfusion.measurements import read_table, write_table

Row = dict[str, Any]


class Parts:
    """The parts of one table, in the hidden folder `.NAME.parts`; a run that stops goes on where it stopped.

    Args:
        table: Where the whole table will lie.
        schema: Of the parts' rows.
    """

    def __init__(self, table: Path, schema: pa.Schema) -> None:
        self._folder, self._schema = table.with_name(f".{table.name}.parts"), schema

    def rows(self, key: object, make: Callable[[], list[Row]]) -> list[Row]:
        """Read a finished part, or make it and leave it for the next run.

        Args:
            key: All that the part's rows depend on, as JSON can say it.
            make: Called if the part is not there.
        """
        path = self._folder / f"{digest(key)[:16]}.parquet"
        if path.is_file():
            return read_table(path, self._schema)
        rows = make()
        write_table(path, rows, self._schema)
        return rows

    def clear(self) -> None:
        """Remove every part; the table holds their rows."""
        shutil.rmtree(self._folder, ignore_errors=True)

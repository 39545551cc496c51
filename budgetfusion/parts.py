"""Finished parts of a long piece of work, kept beside its table until the table is whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from budgetfusion.config import digest
from budgetfusion.measurements import read_table, write_table
from budgetfusion.places import Place, place

Row = dict[str, Any]


class Parts:
    """The parts of one table, in the hidden folder `.NAME.parts`; a run that stops goes on where it stopped.

    Args:
        table: Where the whole table will lie.
        schema: Of the parts' rows.
    """

    def __init__(self, table: Path | Place, schema: pa.Schema) -> None:
        where = place(table)
        self._folder, self._schema = where.beside(f".{where.name}.parts"), schema

    @staticmethod
    def name(key: object) -> str:
        """Return the file name of a part."""
        return f"{digest(key)[:16]}.parquet"

    def rows(self, key: object, make: Callable[[], list[Row]]) -> list[Row]:
        """Read a finished part, or make it and leave it for the next run.

        Args:
            key: All that the part's rows depend on, as JSON can say it.
            make: Called if the part is not there.
        """
        if self._folder.inside(self.name(key)).is_there():
            return self.read(key)
        rows = make()
        self.write(key, rows)
        return rows

    def finished(self) -> set[str]:
        """Return the names of all parts that are there, for the price of one look."""
        return set(self._folder.names())

    def read(self, key: object) -> list[Row]:
        """Read a finished part."""
        return read_table(self._folder.inside(self.name(key)), self._schema)

    def write(self, key: object, rows: list[Row]) -> None:
        """Leave a part, all of it or nothing; one that is there already is replaced."""
        write_table(self._folder.inside(self.name(key)), rows, self._schema)

    def clear(self) -> None:
        """Remove every part; the table holds their rows."""
        self._folder.clear()

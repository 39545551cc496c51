"""Prompts in a file: plain text, captions of COCO, or a Parquet table."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from budgetfusion.errors import BudgetFusionError, FileContentError

COLUMNS = ("prompt", "caption", "text")
"""Names under which a Parquet table may hold its prompts; the first that is there is taken."""


class EmptyPromptsError(BudgetFusionError):
    """There is no prompt to work on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: found no prompt, expected at least one line of text. Write one prompt on each line."


def read_prompts(path: Path) -> list[str]:
    """Read prompts; blank and repeated ones are dropped.

    Args:
        path: Captions of COCO if its name ends with .json, a Parquet table with one of `COLUMNS` if with .parquet, else
            a text file with one prompt on each line.

    Raises:
        EmptyPromptsError: If it is missing or holds no text.
        FileContentError: If it is not UTF-8, not COCO's JSON or not such a table.
    """
    readers = {".json": _coco, ".parquet": _table}
    lines = readers.get(path.suffix, _lines)(path) if path.is_file() else []
    prompts = list(dict.fromkeys(text for line in lines if (text := " ".join(line.split()))))
    if not prompts:
        raise EmptyPromptsError(path)
    return prompts


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FileContentError(path, f"no text ({error.reason})", "UTF-8", "Save it as UTF-8.") from error


def _coco(path: Path) -> list[str]:
    remedy = "Give a file such as captions_val2017.json, or one prompt on each line of a .txt."
    try:
        return [str(one["caption"]) for one in json.loads("\n".join(_lines(path)))["annotations"]]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise FileContentError(path, "other JSON", "COCO's: annotations with captions", remedy) from error


def _table(path: Path) -> list[str]:
    remedy = "Name the column of prompts so."
    try:
        names = pq.read_schema(path).names
        column = next(name for name in COLUMNS if name in names)
        return [str(value) for value in pq.read_table(path, columns=[column])[column].to_pylist() if value is not None]
    except (pa.ArrowInvalid, StopIteration) as error:
        raise FileContentError(path, "no column of prompts", f"one of {', '.join(COLUMNS)}", remedy) from error

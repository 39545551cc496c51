"""Reading what was chosen and what was measured: files in, tidy frames out."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from analysis.errors import ChoicesError, ColumnsError, DigestError, EvaluationError, ValuesError
from analysis.formats import recognise
from budgetfusion.measurements import EVALUATION, MEASUREMENT, read_table
from stimuli.manifest import CHOICE_COLUMNS, Choice, Manifest

SHOWN_FAULTS = 5
NULLABLE = {"reference_condition", "left_num_steps", "right_num_steps", "chosen", "correct", "repeat_of"}
DTYPES = {
    **dict.fromkeys(("block", "trial_index", "seed"), "int64"),
    **dict.fromkeys(("left_num_steps", "right_num_steps", "repeat_of"), "Int64"),
    "rt_ms": "float64",
    "correct": "boolean",
}
MEANINGS = {
    "study": "the study's name",
    "manifest_digest": "digest of what was shown",
    "session": "one visit of a participant",
    "block": "0-based part of the session",
    "item_id": "the item of the manifest",
    "prompt": "the text that the images were made from; a cluster of the analysis",
    "seed": "of the images",
    "purpose": "main trials are counted, the others are controls",
    "task": "the question that was asked",
    "reference_condition": "the condition of the image in the middle",
    "left_condition": "condition of the left image",
    "right_condition": "condition of the right image",
    "left_num_steps": "denoising steps of the left image",
    "right_num_steps": "denoising steps of the right image",
    "response": "the side that was chosen",
}
_CHOICES: TypeAdapter[list[Choice]] = TypeAdapter(list[Choice])


@dataclass(frozen=True)
class Source:
    """Choices as they were read: the frame, the format of the file, and its columns that were not read."""

    path: Path
    frame: pd.DataFrame
    format: str
    unread: tuple[str, ...]
    sha256: str


def read_source(path: Path) -> Source:
    """Read choices from CSV, JSONL or Parquet (by the file's ending), as we or another tool wrote them.

    Args:
        path: What `budgetfusion study export` wrote, or a table of `analysis.formats`.

    Returns:
        A frame with exactly `CHOICE_COLUMNS`, one row for each trial, in the order of the file.

    Raises:
        ChoicesError: If the file is missing, empty or in another format.
        ColumnsError: If columns are missing or unknown; names them.
        ValuesError: If values are wrong; lists them with their rows (the first data row is row 1).
        KeyFileError: If a wide table lacks its key.
    """
    records = _records(path)
    columns = list(dict.fromkeys(str(key) for record in records for key in record))
    foreign = recognise(columns) if not set(CHOICE_COLUMNS) <= set(columns) else None
    if foreign is not None and "study_digest" not in columns:
        table = foreign.convert(pd.DataFrame(records).fillna("").astype(str), path)
        records, name, unread = table.to_dict("records"), foreign.name, foreign.unread(columns)
    else:
        _check_columns(path, columns)
        name, unread = "budgetfusion", []
    choices = _validated(path, records)
    frame = pd.DataFrame([choice.model_dump() for choice in choices], columns=list(CHOICE_COLUMNS)).astype(DTYPES)
    _check_contract(path, frame, own=name == "budgetfusion")
    return Source(path, frame, name, tuple(unread), hashlib.sha256(path.read_bytes()).hexdigest())


def read_choices(path: Path, manifest: Manifest) -> pd.DataFrame:
    """Read choices and check that they are about this material.

    Raises:
        AnalysisError: As `read_source`, and `check_manifest`.
    """
    source = read_source(path)
    check_manifest(source, manifest)
    return source.frame


def codebook() -> pd.DataFrame:
    """Return what each column of a choice means, from the record that defines it.

    Returns:
        Columns column, type, missing_allowed and meaning, in the order of the file.
    """
    rows = [
        (name, _words(field.annotation), name in NULLABLE, field.description or MEANINGS.get(name, ""))
        for name, field in Choice.model_fields.items()
    ]
    return pd.DataFrame(rows, columns=["column", "type", "missing_allowed", "meaning"])


def read_evaluation(path: Path) -> pd.DataFrame:
    """Read evaluation rows, one for each prompt, seed, rule and replicate.

    Returns:
        A frame with the columns of `budgetfusion.measurements.EVALUATION`.

    Raises:
        FileContentError: If the file is missing or is no evaluation table.
        EvaluationError: If it has no rows.
    """
    frame = pd.DataFrame(read_table(path, EVALUATION), columns=EVALUATION.names)
    if frame.empty:
        raise EvaluationError("no rows", "one for each prompt, seed and rule")
    return frame


def read_measurements(path: Path) -> pd.DataFrame:
    """Read measurement rows, one for each prompt, seed and step count.

    Returns:
        A frame with the columns of `budgetfusion.measurements.MEASUREMENT`.

    Raises:
        FileContentError: If the file is missing or is no measurement table.
    """
    return pd.DataFrame(read_table(path, MEASUREMENT), columns=MEASUREMENT.names)


def _records(path: Path) -> list[dict[str, Any]]:
    readers: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
        ".csv": _from_csv,
        ".jsonl": _from_jsonl,
        ".parquet": _from_parquet,
    }
    if path.suffix not in readers:
        raise ChoicesError(path, f"ending '{path.suffix}'", "one of .csv, .jsonl, .parquet")
    try:
        records = readers[path.suffix](path)
    except FileNotFoundError as error:
        raise ChoicesError(path, "no file", "a table of choices") from error
    except (ValueError, pa.ArrowInvalid) as error:
        raise ChoicesError(path, f"content that is no {path.suffix[1:]} table", "a table of choices") from error
    if not records:
        raise ChoicesError(path, "no rows", "at least one choice")
    return records


def _from_csv(path: Path) -> list[dict[str, Any]]:
    text = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows: list[dict[str, Any]] = text.to_dict("records")
    return [{k: None if v == "" and k in NULLABLE else v for k, v in row.items()} for row in rows]


def _from_jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _from_parquet(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def _check_columns(path: Path, found: list[str]) -> None:
    missing = [c for c in CHOICE_COLUMNS if c not in found]
    unknown = [c for c in found if c not in CHOICE_COLUMNS]
    if missing or unknown:
        raise ColumnsError(path, missing, unknown)


def _validated(path: Path, records: list[dict[str, Any]]) -> list[Choice]:
    try:
        return _CHOICES.validate_python(records)
    except ValidationError as error:
        faults = [f"row {e['loc'][0] + 1} {e['loc'][-1]}={e['input']!r}" for e in error.errors()[:SHOWN_FAULTS]]  # type: ignore[operator]  # pydantic numbers a list's items
        raise ValuesError(path, faults, error.error_count()) from error


def _check_contract(path: Path, frame: pd.DataFrame, *, own: bool) -> None:
    sides = {"left": frame["left_condition"], "right": frame["right_condition"]}
    expected = sum((sides[s].where(frame["response"] == s, "") for s in sides), start=pd.Series("", index=frame.index))
    undecoded = frame["chosen"].fillna("") != expected
    repeated = frame.duplicated(["participant", "session", "trial_index"])
    unlike = ~(frame["rt_ms"] >= 0) & (frame["rt_ms"].notna() | own)
    faults = [f"row {row + 1} chosen={frame['chosen'][row]!r} is not the chosen side" for row in frame.index[undecoded]]
    faults += [f"row {row + 1} repeats a trial_index of its session" for row in frame.index[repeated]]
    faults += [f"row {row + 1} rt_ms={frame['rt_ms'][row]} is no time" for row in frame.index[unlike]]
    nameless = frame.index[(frame["participant"] == "") | (frame["left_condition"] == frame["right_condition"])]
    nameless = nameless[frame.loc[nameless, "purpose"] != "identical"]
    faults += [f"row {row + 1} has no participant, or the same condition on both sides" for row in nameless]
    if faults:
        raise ValuesError(path, faults[:SHOWN_FAULTS], len(faults))


def check_manifest(source: Source, manifest: Manifest) -> None:
    """Refuse choices that are not about this material.

    Raises:
        DigestError: If a choice was made about another manifest.
        ValuesError: If an item is not in the manifest; lists the rows.
    """
    frame = source.frame
    other = [str(d) for d in frame["manifest_digest"].unique() if d != manifest.digest]
    if other:
        raise DigestError("manifest", other, manifest.digest, "Give the stimuli folder that these choices are about.")
    known = {item.item_id for item in manifest.items}
    strange = frame.index[~frame["item_id"].isin(known)]
    if len(strange):
        faults = [f"row {row + 1} item_id={frame['item_id'][row]!r} is not in the manifest" for row in strange]
        raise ValuesError(source.path, faults[:SHOWN_FAULTS], len(faults))


def _words(annotation: object) -> str:
    text = getattr(annotation, "__name__", "") if isinstance(annotation, type) else str(annotation)
    return text.replace("typing.Literal", "one of ").replace(" | None", "").replace("'", "")

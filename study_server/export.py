"""Choices as files: the same rows give the same bytes, as CSV, JSONL and Parquet."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from budgetfusion.files import replacing
from stimuli.manifest import CHOICE_COLUMNS, Choice
from study_server.models import Answer, Session, Trial
from study_server.sessions import is_correct
from study_server.studies import Material

_TYPES = {
    "block": pa.int64(),
    "trial_index": pa.int64(),
    "seed": pa.int64(),
    "left_num_steps": pa.int64(),
    "right_num_steps": pa.int64(),
    "rt_ms": pa.float64(),
    "correct": pa.bool_(),
    "repeat_of": pa.int64(),
}
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in CHOICE_COLUMNS])
"""The columns of a choice, as Parquet types; all others are text."""


def choices(db: Db, material: Material) -> list[Choice]:
    """Return every answer of a study as a `Choice`, by start of session, then trial."""
    rows = db.execute(
        select(Session, Trial, Answer)
        .join(Trial, Trial.session_id == Session.id)
        .join(Answer, Answer.trial_id == Trial.id)
        .where(Session.study_id == material.study_id)
        .order_by(Session.started_at, Session.id, Trial.trial_index)
    )
    return [choice(material, session, trial, answer) for session, trial, answer in rows]


def choice(material: Material, session: Session, trial: Trial, answer: Answer) -> Choice:
    """Join what was planned and what was answered into one row; decode the chosen side."""
    item = material.items[trial.item_id]
    left, right = item.stimuli[trial.left_condition], item.stimuli[trial.right_condition]
    return Choice(
        study=material.name,
        study_digest=material.study_digest,
        manifest_digest=material.manifest_digest,
        mode=session.participant.mode,
        participant=session.participant.pseudonym,
        session=f"S-{session.id:05d}",
        block=trial.block,
        trial_index=trial.trial_index,
        item_id=trial.item_id,
        prompt=item.prompt,
        seed=item.seed,
        purpose=trial.purpose,
        task=material.study.design.task,
        reference_condition=item.reference.condition if item.reference else None,
        left_condition=trial.left_condition,
        right_condition=trial.right_condition,
        left_num_steps=left.num_steps,
        right_num_steps=right.num_steps,
        response=answer.response,
        chosen={"left": trial.left_condition, "right": trial.right_condition}.get(answer.response),
        rt_ms=answer.rt_ms,
        correct=is_correct(material, trial, answer.response),
        repeat_of=trial.repeat_of,
        flags=",".join(part for part in (session.flags, answer.flags) if part),
        shown_at=_moment(answer.shown_at),
        answered_at=_moment(answer.answered_at),
    )


def write_csv(rows: list[Choice], file: IO[bytes]) -> None:
    """Write rows as CSV (UTF-8, commas, one header line); an empty field is none."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, CHOICE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in rows)
    file.write(text.getvalue().encode())


def write_jsonl(rows: list[Choice], file: IO[bytes]) -> None:
    """Write rows as JSON, one object on each line."""
    file.writelines(row.model_dump_json().encode() + b"\n" for row in rows)


def write_parquet(rows: list[Choice], file: IO[bytes]) -> None:
    """Write rows as Parquet with the types of `SCHEMA`."""
    table = pa.Table.from_pylist([row.model_dump() for row in rows], schema=SCHEMA)
    pq.write_table(table, file, compression="zstd")


WRITERS: dict[str, Callable[[list[Choice], Any], None]] = {
    "parquet": write_parquet,
    "csv": write_csv,
    "jsonl": write_jsonl,
}
MIMETYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv", "jsonl": "application/jsonl"}


def write_choices(rows: list[Choice], folder: Path) -> list[Path]:
    """Write choices.parquet, choices.csv and choices.jsonl, each all or nothing, and return their paths."""
    paths = []
    for suffix, write in WRITERS.items():
        path = folder / f"choices.{suffix}"
        with replacing(path) as partial, partial.open("wb") as file:
            write(rows, file)
        paths.append(path)
    return paths


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

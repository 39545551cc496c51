"""Choices as files: the same rows give the same bytes, as CSV, JSONL and Parquet."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from stimuli.manifest import CHOICE_COLUMNS, UNBLINDED, Choice
from study_server.checks import is_correct
from study_server.models import Answer, Lease, Session, Study, Trial
from study_server.observed import marks_of
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


BLIND = (
    "reference_condition",
    "left_condition",
    "right_condition",
    "left_num_steps",
    "right_num_steps",
    "chosen",
)
"""The columns that tell results by condition; they are left out while people still take part."""

EXTRA = "extra"
"""The flag of answers whose place was given to somebody else."""


def choices(db: Db, material: Material, *, is_unblinded_early: bool = False) -> list[Choice]:
    """Return every answer of a study as a `Choice`, by start of session, then trial.

    Args:
        db: In a reading transaction.
        material: The study.
        is_unblinded_early: Whether conditions are told before the study is closed; every row then says so.
    """
    rows = db.execute(
        select(Session, Trial, Answer, Lease.ended)
        .join(Answer, Answer.session_id == Session.id)
        .join(Trial, Answer.trial_id == Trial.id)
        .outerjoin(Lease, Lease.session_id == Session.id)
        .where(Session.study_id == material.study_id)
        .order_by(Session.started_at, Session.id, Trial.trial_index)
    )
    early, given = UNBLINDED if is_unblinded_early else "", marks_of(db, material)
    return [
        choice(
            material,
            session,
            trial,
            answer,
            (*given[session.id], EXTRA if ended not in (None, "finished") else "", early),
        )
        for session, trial, answer, ended in rows
    ]


def is_blind(db: Db, material: Material) -> bool:
    """Say whether conditions are to be left out: people have come, and the study is not closed."""
    if db.scalar(select(Study.state).where(Study.id == material.study_id)) == "closed":
        return False
    people = select(Session.id).where(Session.study_id == material.study_id)
    return db.scalar(people.where(Session.participant.has(mode="live")).limit(1)) is not None


def choice(material: Material, session: Session, trial: Trial, answer: Answer, marks: tuple[str, ...] = ()) -> Choice:
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
        flags=",".join(part for part in (session.flags, answer.flags, *marks) if part),
        shown_at=_moment(answer.shown_at),
        answered_at=_moment(answer.answered_at),
    )


def columns(*, is_blind: bool) -> tuple[str, ...]:
    """Return the exported columns, in the contract's order; without those that tell results, if blind."""
    return tuple(name for name in CHOICE_COLUMNS if not (is_blind and name in BLIND))


def write_csv(rows: list[Choice], names: Sequence[str], file: IO[bytes]) -> None:
    """Write rows as CSV (UTF-8, commas, one header line); an empty field is none."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump(include=set(names)) for row in rows)
    file.write(text.getvalue().encode())


def write_jsonl(rows: list[Choice], names: Sequence[str], file: IO[bytes]) -> None:
    """Write rows as JSON, one object on each line."""
    file.writelines(row.model_dump_json(include=set(names)).encode() + b"\n" for row in rows)


def write_parquet(rows: list[Choice], names: Sequence[str], file: IO[bytes]) -> None:
    """Write rows as Parquet with the types of `SCHEMA`."""
    schema = pa.schema([SCHEMA.field(name) for name in names])
    table = pa.Table.from_pylist([row.model_dump(include=set(names)) for row in rows], schema=schema)
    pq.write_table(table, file, compression="zstd")


WRITERS: dict[str, Callable[[list[Choice], Sequence[str], Any], None]] = {
    "parquet": write_parquet,
    "csv": write_csv,
    "jsonl": write_jsonl,
}
MIMETYPES = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv", "jsonl": "application/jsonl"}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

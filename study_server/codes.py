"""Completion codes: one for each outcome of a study, given out when that outcome is stored and not before."""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server.ledger import Code

Outcome = Literal[
    "completed", "no_consent", "screened_out", "failed_checks", "device", "overfull", "withdrawn", "technical"
]

OUTCOMES: dict[str, Outcome] = {
    "finished": "completed",
    "declined": "no_consent",
    "screened_out": "screened_out",
    "withdrawn": "withdrawn",
    "full": "overfull",
}
"""The outcome of a visit that ended in a state."""


def code_of(db: Db, study_id: int, outcome: Outcome) -> str:
    """Return the code of an outcome."""
    return db.scalars(select(Code.code).where(Code.study_id == study_id, Code.outcome == outcome)).one()


def codes(db: Db, study_id: int) -> dict[str, str]:
    """Return every code of a study by its outcome, for whoever sets the study up at a recruiter."""
    rows = db.execute(select(Code.outcome, Code.code).where(Code.study_id == study_id).order_by(Code.id))
    return {row.outcome: row.code for row in rows}

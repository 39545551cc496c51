"""Completion codes: one for each outcome of a study, given out when that outcome is stored and not before."""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server.ledger import Audit, Code
from study_server.models import Session

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

REASONS: dict[str, Outcome] = {"device": "device", "comprehension": "failed_checks"}
"""The outcome of a visit that was screened out for a reason of its own."""


def outcome_of(db: Db, visit: Session) -> Outcome | None:
    """Return what a visit ended with, or none while it goes on."""
    outcome = OUTCOMES.get(visit.state)
    return REASONS.get(why_screened_out(db, visit), outcome) if outcome == "screened_out" else outcome


def why_screened_out(db: Db, visit: Session) -> str:
    """Return the reason that was stored when a visit could not go on."""
    entry = select(Audit.detail).where(Audit.session_id == visit.id, Audit.what == "screened_out")
    return str((db.scalar(entry) or {}).get("why", ""))


def code_of(db: Db, study_id: int, outcome: Outcome) -> str:
    """Return the code of an outcome."""
    return db.scalars(select(Code.code).where(Code.study_id == study_id, Code.outcome == outcome)).one()


def codes(db: Db, study_id: int) -> dict[str, str]:
    """Return every code of a study by its outcome, for whoever sets the study up at a recruiter."""
    rows = db.execute(select(Code.outcome, Code.code).where(Code.study_id == study_id).order_by(Code.id))
    return {row.outcome: row.code for row in rows}

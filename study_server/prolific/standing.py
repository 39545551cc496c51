"""How a study stands on Prolific, from what is stored: numbers by status, and what people really earn. Asks nobody."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session as Db

from prolific_config.pay import Pay, pay_so_far
from study_server.prolific import recruitment, submissions
from study_server.studies import Material


@dataclass(frozen=True)
class Standing:
    """How a study stands.

    Args:
        study_id: On Prolific, if it is known.
        counts: Numbers of submissions by status, in Prolific's words.
        pay: Median minutes and hourly pay of those who finished, with what policy says of it; none before.
        reconciled_at: When all submissions were last read.
    """

    study_id: str | None
    counts: dict[str, int]
    pay: Pay | None
    reconciled_at: datetime | None


def standing(db: Db, material: Material) -> Standing:
    """Return how a study stands on Prolific."""
    link, table = recruitment.linked(db, material), recruitment.table_of(db, material)
    rows = submissions.every(db, material)
    known = [submissions.as_given(row) for row in rows if not row.is_forgotten]
    return Standing(
        study_id=link.external_id if link else None,
        counts=dict(Counter(row.status for row in rows)),
        pay=pay_so_far(table.reward_money, known) if table else None,
        reconciled_at=link.reconciled_at if link else None,
    )

"""Cutting the ties between submissions and visits; what a bonus was paid for stays, for whoever keeps the books."""

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session as Db

from study_server.prolific.tables import Submission, Webhook

_TIES = ("session_id", "arrived_at", "status_at", "listed_at", "started_at", "completed_at", "code")
"""What leads from a submission to a visit: the visit itself, and moments that both have."""


def forget(db: Db, which: ColumnElement[bool]) -> None:
    """Forget whose submissions these were, and when anything happened to them.

    Args:
        db: In a writing transaction.
        which: A condition on `Submission`.
    """
    ids = list(db.scalars(select(Submission.external_id).where(which)))
    cut: dict[str, object] = dict.fromkeys(_TIES)
    db.execute(update(Submission).where(Submission.external_id.in_(ids)).values(**cut, is_forgotten=True))
    db.execute(delete(Webhook).where(Webhook.resource_id.in_(ids)))

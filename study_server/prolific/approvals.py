"""Approving and asking for returns. To pay somebody and to use the data are two decisions; here is the first."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session as Db

from prolific_config.approving import Review, review
from prolific_config.client import Client
from prolific_config.errors import NotConfirmedError
from prolific_config.models import APPROVED, AWAITING_REVIEW
from prolific_config.money import Money, is_amount
from study_server import audit, codes
from study_server.db import Database
from study_server.errors import SubmissionStateError
from study_server.prolific import recruitment, submissions
from study_server.studies import Material


@dataclass(frozen=True)
class Approval:
    """Submissions that may be approved, and what that pays to participants, as published; fees were taken before."""

    ids: tuple[str, ...]
    amount: Money


def waiting(db: Db, material: Material) -> Review:
    """Return who waits for a decision, with the code of a complete study and with another; asks nobody."""
    known = [submissions.as_given(row) for row in submissions.every(db, material) if not row.is_forgotten]
    return review(known, codes.code_of(db, material.study_id, "completed"))


def propose(database: Database, client: Client, material: Material, ids: Sequence[str]) -> Approval:
    """Say what approving submissions would pay; those that are approved already are left out.

    Raises:
        SubmissionStateError: If one is not known here or does not wait for a decision.
    """
    with database.reading() as db:
        known = {row.external_id: row.status for row in submissions.every(db, material)}
        table = recruitment.required_table(db, material)
    study_id = recruitment.find(database, client, material)
    _require(known, ids, (AWAITING_REVIEW, APPROVED))
    left = tuple(dict.fromkeys(key for key in ids if known[key] != APPROVED))
    return Approval(left, Money(client.study(study_id).reward, table.currency) * len(left))


def approve(
    database: Database, client: Client, material: Material, ids: Sequence[str], typed: str, actor: str
) -> Approval:
    """Approve submissions after a person has typed what that pays; again it changes nothing.

    At most 1,000 are in one request. If it breaks off, reconcile and approve who still waits.

    Args:
        database: Of the study.
        client: To Prolific.
        material: The study.
        ids: Of the submissions on Prolific.
        typed: The amount to participants, as the person typed it.
        actor: Who that is.

    Raises:
        NotConfirmedError: If it is another amount; nothing was sent.
        SubmissionStateError: If one does not wait for a decision; nothing was sent.
    """
    proposal = propose(database, client, material, ids)
    if not proposal.ids:
        return proposal
    if not is_amount(typed, proposal.amount):
        raise NotConfirmedError(typed, str(proposal.amount.decimal))
    detail: audit.Detail = {"study": material.name, "count": len(proposal.ids), "cents": proposal.amount.cents}
    database.write(lambda db: audit.record(db, "approve", detail, actor))
    client.approve(proposal.ids)
    return proposal


def request_returns(
    database: Database, client: Client, material: Material, ids: Sequence[str], reasons: Sequence[str], actor: str
) -> None:
    """Ask people to return their submissions, which leaves no mark on them.

    Raises:
        SubmissionStateError: If one does not wait for a decision; nothing was sent.
    """
    with database.reading() as db:
        known = {row.external_id: row.status for row in submissions.every(db, material)}
    _require(known, ids, (AWAITING_REVIEW,))
    detail: audit.Detail = {"study": material.name, "count": len(ids), "reasons": list(reasons)}
    database.write(lambda db: audit.record(db, "request return", detail, actor))
    for key in ids:
        client.request_return(key, reasons)


def _require(known: dict[str, str], ids: Sequence[str], statuses: tuple[str, ...]) -> None:
    for key in ids:
        if known.get(key) not in statuses:
            raise SubmissionStateError(key, known.get(key, "nothing known of it"), " or ".join(statuses))

"""What the desk's forms say, as the use cases want it; the desk itself knows nothing of Prolific's client."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session as Db

from prolific_config.bonuses import Bonus
from prolific_config.client import Client
from prolific_config.models import APPROVED
from prolific_config.money import Money, money
from prolific_config.policy import Finding
from prolific_config.table import ProlificTable, findings_of, read_prolific
from stimuli.studyfile import StudyFile
from study_server.prolific import asking, ledger, recruitment, submissions
from study_server.prolific.tables import BonusRow
from study_server.studies import Material

__all__ = ["Finding", "ProlificTable", "asked", "bonus", "policy", "read_table", "spent", "total"]


@contextmanager
def asked() -> Iterator[Client]:
    """Yield a client for as long as one request of the desk takes.

    Raises:
        ProlificSettingError: If this machine was given no token, or an address without meaning.
    """
    client = asking.client()
    try:
        yield client
    finally:
        client.connection.close()


def read_table(path: Path) -> ProlificTable:
    """Return `[prolific]` of a study file.

    Raises:
        StudyFileError: If it is absent or has a fault; names file, key and reason.
    """
    return read_prolific(path)[1]


def policy(study: StudyFile, table: ProlificTable) -> list[Finding]:
    """Return what Prolific's policy says of a study that may not be in the database yet."""
    return findings_of(table, instruction_checks=study.stimuli.check_items)


def bonus(db: Db, material: Material, submission_id: str, amount: str, reason: str) -> Bonus:
    """Return the bonus that a form asks for.

    Raises:
        MoneyError: If the amount is none, such as '1,5'.
        NotRecruitedError: If nothing is known of the study's currency.
    """
    currency = recruitment.required_table(db, material).currency
    return Bonus(submission_id, money(amount, currency), reason.strip())


def total(rows: Sequence[BonusRow]) -> Money | None:
    """Return what participants get by some bonuses in all, without fees; none of none."""
    amounts = [ledger.amount_of(row) for row in rows]
    return sum(amounts[1:], start=amounts[0]) if amounts else None


def spent(db: Db, material: Material) -> tuple[Money, Money] | None:
    """Return the rewards of those who are approved and of all places, without fees; none without `[prolific]`."""
    table = recruitment.table_of(db, material)
    if table is None:
        return None
    approved = sum(row.status == APPROVED for row in submissions.every(db, material))
    places = table.places or material.study.design.participants
    return table.reward_money * approved, table.reward_money * places

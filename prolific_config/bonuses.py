"""Bonuses: whole cents here, decimal text at Prolific, and nothing that could pay somebody twice.

Pure; the ledger is the server's table, with (submission, reason) unique. Its states go one way: proposed, set up (with
Prolific's id and total), confirmed (a person typed the total), paying, paid. A crash while paying leaves `paying`: that
is never sent again, and `is_paid` tells from Prolific's own record what became of it.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prolific_config.errors import BonusError, MoneyError
from prolific_config.money import Currency, Money, money

MOST_BONUSES = 200
"""In one request, as Prolific recommends."""

COLUMNS = ("submission_id", "amount", "reason")


@dataclass(frozen=True)
class Bonus:
    """One bonus to one submission, for one reason."""

    submission_id: str
    amount: Money
    reason: str

    @property
    def key(self) -> tuple[str, str]:
        """What is unique: nobody gets a bonus for the same reason twice."""
        return self.submission_id, self.reason


def read_bonuses(path: Path, currency: Currency) -> tuple[Bonus, ...]:
    """Read bonuses from a CSV file with the columns submission_id, amount and reason; amounts such as 1.50.

    Raises:
        BonusError: If a row is faulty or repeats another.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise BonusError(str(path), f"columns {rows.fieldnames}", f"{list(COLUMNS)}")
        bonuses = tuple(_bonus(f"{path}, row {number}", row, currency) for number, row in enumerate(rows, 1))
    twice = [key for key, count in Counter(bonus.key for bonus in bonuses).items() if count > 1]
    if twice:
        raise BonusError(str(path), f"submission {twice[0][0]} twice for '{twice[0][1]}'", "each reason once")
    return bonuses


def total(bonuses: Iterable[Bonus], currency: Currency) -> Money:
    """Return what participants get in all, without Prolific's fees."""
    amounts = (bonus.amount for bonus in bonuses)
    return sum(amounts, start=Money(0, currency))


def batches(bonuses: Sequence[Bonus]) -> list[list[Bonus]]:
    """Split bonuses into requests of at most 200, in none of which a submission stands twice."""
    made: list[list[Bonus]] = []
    for bonus in bonuses:
        fitting = (batch for batch in made if len(batch) < MOST_BONUSES and not _has(batch, bonus))
        batch = next(fitting, None)
        if batch is None:
            made.append(batch := [])
        batch.append(bonus)
    return made


def as_csv(bonuses: Sequence[Bonus]) -> str:
    """Return what Prolific wants: a submission and a decimal amount on each line, 1.50 and never 150."""
    return "".join(f"{bonus.submission_id},{bonus.amount.decimal}\n" for bonus in bonuses)


def is_paid(before: Sequence[int], now: Sequence[int], bonus: Bonus) -> bool:
    """Say whether Prolific's record of a submission shows a bonus that it did not show before.

    Args:
        before: `bonus_payments` of the submission before paying, cents.
        now: The same, later. Prolific pays minutes after the request: False does not mean that it will not.
        bonus: What was to be paid.
    """
    return (Counter(now) - Counter(before))[bonus.amount.cents] > 0


def _bonus(where: str, row: dict[str, str | None], currency: Currency) -> Bonus:
    submission_id, amount, reason = (str(row[column] or "").strip() for column in COLUMNS)
    if not submission_id.isalnum() or not reason:
        raise BonusError(where, f"'{submission_id}' for '{reason}'", "a submission's id and a reason")
    try:
        paid = money(amount, currency)
    except MoneyError as error:
        raise BonusError(where, error.found, error.expected) from error
    if paid.cents == 0:
        raise BonusError(where, "an amount of nothing", "more")
    return Bonus(submission_id, paid, reason)


def _has(batch: Sequence[Bonus], bonus: Bonus) -> bool:
    return any(other.submission_id == bonus.submission_id for other in batch)

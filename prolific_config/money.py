"""Money: whole cents inside, decimal text at the border, never a float."""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator

from prolific_config.errors import MoneyError

Currency = Literal["GBP", "USD"]
SIGNS: dict[str, str] = {"GBP": "£", "USD": "$"}

_AMOUNT = re.compile(r"\d{1,9}(\.\d{1,2})?")


@dataclass(frozen=True)
class Money:
    """An amount in one currency.

    Args:
        cents: Hundredths of the currency's unit (pence or cents), may be negative.
        currency: 'GBP' or 'USD'.
    """

    cents: int
    currency: Currency

    def __add__(self, other: Self) -> "Money":
        return Money(self.cents + self._same(other).cents, self.currency)

    def __sub__(self, other: Self) -> "Money":
        return Money(self.cents - self._same(other).cents, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.cents * count, self.currency)

    def __str__(self) -> str:
        return f"{'-' if self.cents < 0 else ''}{SIGNS[self.currency]}{abs(self.decimal):,}"

    @property
    def decimal(self) -> Decimal:
        """The amount in the currency's unit with two decimals, as Prolific wants bonuses."""
        return Decimal(self.cents).scaleb(-2)

    def _same(self, other: Self) -> Self:
        if other.currency != self.currency:
            raise MoneyError(other.currency, self.currency)
        return other


def money(text: str | Decimal, currency: Currency) -> Money:
    """Read an amount in the currency's unit, e.g. '3.60', '£1,204.5' or Decimal('3.6').

    Raises:
        MoneyError: If it is negative, has more than two decimals, or is not a number.
    """
    plain = str(text).strip().removeprefix(SIGNS[currency]).replace(",", "")
    if not _AMOUNT.fullmatch(plain):
        raise MoneyError(f"'{text}'", f"an amount of {currency} with at most two decimals")
    return Money(int(Decimal(plain).scaleb(2)), currency)


def is_amount(typed: str, amount: Money) -> bool:
    """Say whether a person typed exactly this amount, with or without the currency's sign."""
    try:
        return money(typed, amount.currency) == amount
    except MoneyError:
        return False


def _whole_cents(value: object) -> object:
    """Round a fraction of a cent up: what will be spent is never understated."""
    if isinstance(value, float | Decimal):
        return int(Decimal(str(value)).to_integral_value(ROUND_CEILING))
    return value


Cents = Annotated[int, BeforeValidator(_whole_cents)]
"""Cents as Prolific sends them: JSON numbers, which may come as 360, 360.0 or 86.4."""

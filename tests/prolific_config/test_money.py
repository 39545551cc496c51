"""Whole cents inside, decimal text at the border."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from prolific_config.errors import MoneyError
from prolific_config.money import Cents, Money, is_amount, money


@pytest.mark.parametrize(
    ("text", "cents"),
    [("3.60", 360), ("3.6", 360), ("30", 3000), ("£1,204.50", 120450), (" 0.01 ", 1), (Decimal("0.10"), 10)],
)
def test_an_amount_is_read_exactly(text, cents) -> None:
    """As it is written, without a floating-point number on the way."""
    assert money(text, "GBP") == Money(cents, "GBP")


@pytest.mark.parametrize("text", ["3.605", "-1", "1e3", "", "three", "$3.60", "NaN", "1.2.3", "0x10"])
def test_what_is_no_amount_is_refused(text) -> None:
    """Three decimals, a sign, an exponent, another currency."""
    with pytest.raises(MoneyError, match="expected an amount of GBP with at most two decimals"):
        money(text, "GBP")


def test_an_amount_is_shown_with_two_decimals() -> None:
    """For a person with sign and thousands, for Prolific without."""
    assert str(Money(120450, "GBP")) == "£1,204.50"
    assert str(Money(-5, "USD")) == "-$0.05"
    assert str(Money(150, "GBP").decimal) == "1.50"
    assert str(Money(3000, "GBP").decimal) == "30.00"


def test_sums_stay_whole() -> None:
    """A hundred tenths of a pound are ten pounds."""
    assert sum([money("0.10", "GBP")] * 100, start=Money(0, "GBP")) == money("10", "GBP")
    assert money("3.60", "GBP") * 72 == money("259.20", "GBP")
    assert Money(5, "GBP") - Money(7, "GBP") == Money(-2, "GBP")


def test_currencies_are_not_added() -> None:
    """Pounds and dollars have no sum."""
    with pytest.raises(MoneyError, match="found USD, expected GBP"):
        Money(1, "GBP") + Money(1, "USD")


@pytest.mark.parametrize(("typed", "is_right"), [("345.60", True), ("£345.60", True), ("345.6", True), ("345", False)])
def test_a_typed_amount_must_be_the_amount(typed, is_right) -> None:
    """Other ways to write it are the same amount; less than all of it is not."""
    assert is_amount(typed, Money(34560, "GBP")) is is_right


@pytest.mark.parametrize(("sent", "cents"), [(360, 360), (360.0, 360), (86.4, 87), (0.1 + 0.2, 1)])
def test_cents_that_prolific_sends_are_rounded_up(sent, cents) -> None:
    """What will be spent is never understated."""
    assert TypeAdapter(Cents).validate_python(sent) == cents

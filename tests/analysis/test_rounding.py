"""Rounding: two significant digits of the error."""

import math

import pytest

from analysis.rounding import number, p_value, percent, plus_minus, signed, span


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (60.312, 3.94, "60.3 ± 3.9"),
        (0.34567, 0.00123, "0.3457 ± 0.0012"),
        (1234.5, 56.0, "1234 ± 56"),
        (14.0, 0.0, "14.00"),
        (14.0, math.nan, "14.00"),
    ],
)
def test_values_are_rounded_by_their_error(value: float, error: float, text: str) -> None:
    """The error shows two significant digits, the value as many decimals."""
    assert plus_minus(value, error) == text


def test_minus_is_a_minus_and_zero_has_none() -> None:
    """A negative number has a true minus sign; what rounds to zero is zero."""
    assert [number(-1.234, 1.5), number(-0.2, 30), signed(number(0.2, 30)), signed(number(3.1, 2))] == [
        "−1.2",
        "0",
        "0",
        "+3.1",
    ]


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.543, 0.651, "[54.3, 65.1]"),
        (math.nan, math.nan, "not estimable"),
        (0.5, 0.5, "no spread"),
        (0.5, math.inf, "[50.00, ∞]"),
    ],
)
def test_spans_say_when_they_cannot(low: float, high: float, text: str) -> None:
    """An interval is rounded by its half-width; none and no width are said in words."""
    assert span(low, high, 100) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0124, "p = .012"), (0.0001, "p < .001"), (math.nan, "p = –"), (1.0, "p = 1.000")]
)
def test_p_values_are_written_as_apa_does(p: float, text: str) -> None:
    """Three decimals, no leading zero, never p = .000."""
    assert p_value(p) == text


def test_missing_values_are_a_dash() -> None:
    """What is not a number is not printed as one."""
    assert percent(math.nan) == "–"

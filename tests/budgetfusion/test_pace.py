"""The pace of long work."""

import pytest

from budgetfusion.pace import Pace, duration, rate


def test_what_was_done_before_does_not_count() -> None:
    """90 of 100 were there; 2 more in 60 s leave 8 for 4 minutes."""
    seconds = iter([1000.0, 1060.0])
    pace = Pace(100, lambda: next(seconds))

    assert pace.say(90) == ""
    assert pace.say(92) == "2/min, 4 min left"


@pytest.mark.parametrize(
    ("each_s", "text"),
    [(12.345, "12.3/s"), (0.5, "30/min"), (0.01, "36/h"), (1 / 86400, "1/day"), (1e-6, "0.0864/day")],
)
def test_a_rate_has_the_unit_that_shows_it(each_s: float, text: str) -> None:
    """Nobody reads 0.000278/s."""
    assert rate(each_s) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "0.25 s"), (59.0, "59 s"), (90.0, "1.5 min"), (5400.0, "1.5 h"), (172800.0, "2 day")]
)
def test_a_duration_has_the_unit_that_shows_it(seconds: float, text: str) -> None:
    """Nobody reads 172800 s."""
    assert duration(seconds) == text

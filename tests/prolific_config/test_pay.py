"""What participants really earn."""

from datetime import UTC, datetime, timedelta

from prolific_config.models import ACTIVE, AWAITING_REVIEW, RETURNED, Submission
from prolific_config.money import Money
from prolific_config.pay import pay_so_far

STARTED = datetime(2026, 9, 1, tzinfo=UTC)


def submission(minutes: float | None, status: str = AWAITING_REVIEW) -> Submission:
    """A submission that took so long."""
    ended = STARTED + timedelta(minutes=minutes) if minutes is not None else None
    return Submission(id="s", participant_id="p", status=status, started_at=STARTED, completed_at=ended)


def test_pay_is_judged_by_the_median_of_those_who_finished() -> None:
    """One who slept does not move it, nor do those who returned or are inside."""
    people = [submission(m) for m in (20, 24, 28, 30, 600)] + [submission(1, RETURNED), submission(None, ACTIVE)]
    pay = pay_so_far(Money(280, "GBP"), people)

    assert pay is not None
    assert (pay.finished, pay.median_minutes, pay.hourly) == (5, 28, Money(600, "GBP"))
    assert [finding.level for finding in pay.findings] == ["warning"]


def test_before_anybody_finished_there_is_no_pay() -> None:
    """Nothing is divided by nothing."""
    assert pay_so_far(Money(280, "GBP"), [submission(None, ACTIVE)]) is None
    assert pay_so_far(Money(280, "GBP"), [submission(0)]) is None

"""What participants really earn: Prolific judges a study by the median time taken, not by the estimate."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from prolific_config.models import APPROVED, AWAITING_REVIEW, Submission
from prolific_config.money import Money
from prolific_config.policy import Finding, hourly, pay_findings


@dataclass(frozen=True)
class Pay:
    """The pay of a running study: median minutes of those who finished, and what that is for an hour."""

    finished: int
    median_minutes: float
    hourly: Money
    findings: list[Finding]


def pay_so_far(reward: Money, submissions: Iterable[Submission]) -> Pay | None:
    """Return the pay of those who finished, or none if nobody did.

    Args:
        reward: For one participant.
        submissions: Of the study.
    """
    minutes = [
        (submission.completed_at - submission.started_at).total_seconds() / 60
        for submission in submissions
        if submission.completed_at is not None and submission.status in (AWAITING_REVIEW, APPROVED)
    ]
    if not minutes or (median := statistics.median(minutes)) <= 0:
        return None
    return Pay(len(minutes), median, hourly(reward, median), pay_findings(reward, median))

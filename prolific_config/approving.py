"""Whom to approve: the decision to pay, which is not the decision to use the data."""

from collections.abc import Iterable
from dataclasses import dataclass

from prolific_config.models import AWAITING_REVIEW, Submission


@dataclass(frozen=True)
class Review:
    """Submissions that wait for a decision: with the code of a complete study, and without."""

    complete: tuple[Submission, ...]
    others: tuple[Submission, ...]


def review(submissions: Iterable[Submission], code: str) -> Review:
    """Sort those who wait by whether they came back with the code that only a complete study gives.

    Args:
        submissions: Of the study.
        code: Of the outcome 'completed'; the server gives it out when every answer is stored, and not before.
    """
    waiting = [submission for submission in submissions if submission.status == AWAITING_REVIEW]
    return Review(
        complete=tuple(submission for submission in waiting if submission.study_code == code),
        others=tuple(submission for submission in waiting if submission.study_code != code),
    )

"""Prolific's record against ours: who finished there and not here, and the reverse. Pure; the server reads both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prolific_config.models import APPROVED, AWAITING_REVIEW, PARTIALLY_APPROVED, Submission

DONE_THERE = (AWAITING_REVIEW, APPROVED, PARTIALLY_APPROVED)


@dataclass(frozen=True)
class Visit:
    """One visit as we have it.

    Args:
        submission_id: SESSION_ID of the address.
        outcome: What it ended with (a key of `codes.CODE_TYPES`), or none while it goes on.
    """

    submission_id: str
    outcome: str | None


@dataclass(frozen=True)
class Discrepancy:
    """One disagreement; the submission's id leads to the person, and is shown only on the desk."""

    submission_id: str
    words: str


def discrepancies(there: Iterable[Submission], here: Iterable[Visit], codes: Mapping[str, str]) -> list[Discrepancy]:
    """Return every disagreement between Prolific and us, by submission.

    Args:
        there: Every submission of the study on Prolific.
        here: Every live visit with a submission's id.
        codes: The completion code of each outcome.
    """
    visits = {visit.submission_id: visit for visit in here}
    submissions = {submission.id: submission for submission in there}
    found = [
        Discrepancy(submission.id, words)
        for submission in submissions.values()
        if (words := _words(submission, visits.get(submission.id), codes))
    ]
    unknown = [Discrepancy(key, "is here, and Prolific has no such submission") for key in visits - submissions.keys()]
    return sorted(found + unknown, key=lambda discrepancy: discrepancy.submission_id)


def _words(submission: Submission, visit: Visit | None, codes: Mapping[str, str]) -> str | None:
    """Return what is wrong with one submission, if anything is."""
    is_done_there = submission.status in DONE_THERE
    if visit is None:
        return f"{submission.status} there, and never seen here" if is_done_there else None
    if is_done_there and visit.outcome is None:
        return f"{submission.status} there, and not finished here"
    if is_done_there and submission.study_code and submission.study_code != codes.get(str(visit.outcome)):
        return f"came back with a code that is not the one of '{visit.outcome}'"
    if visit.outcome == "completed" and not is_done_there:
        return f"finished here, and {submission.status} there"
    return None

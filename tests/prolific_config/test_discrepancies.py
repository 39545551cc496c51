"""Prolific's record against ours."""

from datetime import UTC, datetime

import pytest

from prolific_config.discrepancies import Visit, discrepancies
from prolific_config.models import ACTIVE, APPROVED, AWAITING_REVIEW, REJECTED, RETURNED, TIMED_OUT, Submission

CODES = {"completed": "C", "withdrawn": "L"}
STARTED = datetime(2026, 9, 1, tzinfo=UTC)


def submission(status: str, code: str | None = None) -> Submission:
    """A submission `s` on Prolific."""
    return Submission(id="s", participant_id="p", status=status, started_at=STARTED, study_code=code)


@pytest.mark.parametrize(
    ("there", "here", "words"),
    [
        (submission(AWAITING_REVIEW, "C"), None, "AWAITING REVIEW there, and never seen here"),
        (submission(APPROVED, "C"), Visit("s", None), "APPROVED there, and not finished here"),
        (submission(AWAITING_REVIEW, "X"), Visit("s", "completed"), "a code that is not the one of 'completed'"),
        (submission(AWAITING_REVIEW, "C"), Visit("s", "withdrawn"), "a code that is not the one of 'withdrawn'"),
        (submission(TIMED_OUT), Visit("s", "completed"), "finished here, and TIMED-OUT there"),
        (submission(RETURNED), Visit("s", "completed"), "finished here, and RETURNED there"),
        (None, Visit("s", "completed"), "is here, and Prolific has no such submission"),
    ],
)
def test_a_disagreement_is_named(there, here, words) -> None:
    """Finished there and not here, the reverse, and codes that do not fit."""
    found = discrepancies([there] if there else [], [here] if here else [], CODES)

    assert [discrepancy.submission_id for discrepancy in found] == ["s"]
    assert words in found[0].words


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (submission(AWAITING_REVIEW, "C"), Visit("s", "completed")),
        (submission(APPROVED, "L"), Visit("s", "withdrawn")),
        (submission(APPROVED), Visit("s", "completed")),
        (submission(ACTIVE), Visit("s", None)),
        (submission(ACTIVE), None),
        (submission(RETURNED), Visit("s", None)),
        (submission(RETURNED), None),
        (submission(TIMED_OUT), Visit("s", "withdrawn")),
        (submission(REJECTED), Visit("s", None)),
    ],
)
def test_agreement_says_nothing(there, here) -> None:
    """People who are still inside, who returned without a visit, or who left, are no discrepancy."""
    assert discrepancies([there], [here] if here else [], CODES) == []

"""Rejecting somebody: the form refuses what Prolific's policy does not allow.

A rejection takes somebody's pay and marks their account. It has nothing to do with whether their data are used: that is
for `[analysis]` to say. Source: Prolific's researcher help on valid rejection reasons and on attention checks.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prolific_config.errors import RejectionError
from prolific_config.policy import checks_needed

SHORTEST_MESSAGE = 100
SPEED_SDS = 3.0
FEWEST_TIMES = 10

Ground = Literal["failed_instruction_checks", "exceptionally_fast", "no_data"]
"""The grounds that our data can prove. Catch trials, low agreement, slowness and screening out are none."""

CATEGORIES: dict[Ground, str] = {
    "failed_instruction_checks": "FAILED_CHECK",
    "exceptionally_fast": "TOO_QUICKLY",
    "no_data": "NO_DATA",
}
"""Prolific's category for each ground."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one submission.

    Args:
        minutes: Estimated time of the study.
        checks_failed: Explicit instruction checks that were answered wrongly.
        seconds: From start to end.
        seconds_of_all: The same of everybody who finished, this one included.
        answers: Stored answers.
    """

    minutes: float
    checks_failed: int
    seconds: float
    seconds_of_all: Sequence[float]
    answers: int


@dataclass(frozen=True)
class Rejection:
    """A rejection that policy allows, as Prolific wants it."""

    category: str
    message: str


def checked(ground: str, message: str, evidence: Evidence) -> Rejection:
    """Return a rejection if policy allows it.

    Args:
        ground: One of `CATEGORIES`.
        message: To the participant, what happened and why it is a reason.
        evidence: What is known.

    Raises:
        RejectionError: Naming everything that speaks against it.
    """
    faults = (*_message_faults(message), *_ground_faults(ground, evidence))
    if faults:
        raise RejectionError(faults)
    return Rejection(CATEGORIES[ground], message.strip())  # type: ignore[index]  # a fault otherwise


def _message_faults(message: str) -> tuple[str, ...]:
    length = len(message.strip())
    if length >= SHORTEST_MESSAGE:
        return ()
    return (f"the message has {length} characters, and the participant is owed at least {SHORTEST_MESSAGE}.",)


def _ground_faults(ground: str, evidence: Evidence) -> tuple[str, ...]:
    judges = {
        "failed_instruction_checks": _check_faults,
        "exceptionally_fast": _speed_faults,
        "no_data": _data_faults,
    }
    if ground not in judges:
        return (f"'{ground}' is no ground for a rejection; grounds are {', '.join(judges)}.",)
    return judges[ground](evidence)


def _check_faults(evidence: Evidence) -> tuple[str, ...]:
    needed = checks_needed(evidence.minutes)
    if evidence.checks_failed >= needed:
        return ()
    return (f"{evidence.checks_failed} instruction check(s) failed, and {evidence.minutes:g} minutes take {needed}.",)


def _speed_faults(evidence: Evidence) -> tuple[str, ...]:
    times = evidence.seconds_of_all
    if len(times) < FEWEST_TIMES:
        return (f"{len(times)} submissions cannot say what is too fast; {FEWEST_TIMES} can.",)
    limit = statistics.fmean(times) - SPEED_SDS * statistics.stdev(times)
    if evidence.seconds < limit:
        return ()
    return (f"{evidence.seconds:.0f} s is not {SPEED_SDS:g} standard deviations below the mean ({limit:.0f} s).",)


def _data_faults(evidence: Evidence) -> tuple[str, ...]:
    return (f"{evidence.answers} answers are stored.",) if evidence.answers else ()

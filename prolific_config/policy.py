"""What Prolific's rules mean for a study file, before anything is sent.

Sources: Prolific's researcher help on pay (minimum and recommended hourly reward, judged on the median time taken),
attention checks (explicit instructions only) and the maximum time. Read them again before a launch; they change.
"""

import math
import re
from dataclasses import dataclass
from typing import Literal

from prolific_config.errors import PolicyError
from prolific_config.money import Money

MINIMUM_HOURLY = {"GBP": 600, "USD": 800}
"""Cents an hour below which Prolific acts against a study."""

RECOMMENDED_HOURLY = {"GBP": 900, "USD": 1200}
"""Cents an hour that Prolific recommends to pay at least."""

SHORT_MINUTES = 5
"""Up to here one failed instruction check may justify a rejection; beyond it takes two."""

TAGS = frozenset(["b", "i", "em", "strong", "s", "u", "h1", "h2", "ol", "ul", "li", "p"])
"""HTML that Prolific shows in a description."""


@dataclass(frozen=True)
class Finding:
    """One thing that the lint has to say.

    Args:
        level: 'refusal' stops the study; 'warning' does not.
        key: Of `[prolific]`.
        words: What was found, what it means, what to do.
    """

    level: Literal["refusal", "warning"]
    key: str
    words: str


def hourly(reward: Money, minutes: float) -> Money:
    """Return pay for an hour, rounded down: it is never flattered.

    Args:
        reward: For one participant.
        minutes: That it takes, above 0.
    """
    return Money(math.floor(reward.cents * 60 / minutes), reward.currency)


def pay_findings(reward: Money, minutes: float) -> list[Finding]:
    """Judge pay; call it with the estimated minutes before a study, and with the median of the taken ones in it."""
    rate = hourly(reward, minutes)
    said = f"{reward} for {minutes:.3g} minutes is {rate} an hour"
    if rate.cents < MINIMUM_HOURLY[reward.currency]:
        least = Money(MINIMUM_HOURLY[reward.currency], reward.currency)
        return [Finding("refusal", "reward", f"{said}, below the minimum of {least}.")]
    if rate.cents < RECOMMENDED_HOURLY[reward.currency]:
        fair = Money(RECOMMENDED_HOURLY[reward.currency], reward.currency)
        return [Finding("warning", "reward", f"{said}, below the recommended {fair}.")]
    return []


def checks_needed(minutes: float) -> int:
    """Return how many instruction checks somebody must have failed before a rejection is allowed."""
    return 1 if minutes <= SHORT_MINUTES else 2


def check_findings(minutes: float, instruction_checks: int) -> list[Finding]:
    """Say whether rejections for failed checks will be possible at all.

    Args:
        minutes: Estimated.
        instruction_checks: How many each participant sees; catch trials do not count, for they give no instruction.
    """
    needed = checks_needed(minutes)
    if instruction_checks >= needed:
        return []
    length, few = ("over", "two instruction checks") if needed == 2 else ("up to", "one instruction check")
    words = f"{length} {SHORT_MINUTES} min with fewer than {few}: rejections for inattention will be blocked."
    return [Finding("warning", "minutes", words)]


def shortest_maximum(minutes: float) -> float:
    """Return the smallest maximum time that Prolific accepts: 2 + 2 t + 2 sqrt(t), minutes."""
    return 2 + 2 * minutes + 2 * math.sqrt(minutes)


def time_findings(minutes: float, maximum_minutes: float | None) -> list[Finding]:
    """Say whether Prolific will accept the maximum time."""
    least = shortest_maximum(minutes)
    if maximum_minutes is None or maximum_minutes >= least:
        return []
    words = f"{maximum_minutes:g} minutes at most, and Prolific wants {math.ceil(least)} or more."
    return [Finding("refusal", "maximum_minutes", words)]


def description_findings(description: str) -> list[Finding]:
    """Name the HTML tags that Prolific will not show."""
    unknown = sorted({tag.lower() for tag in re.findall(r"</?([A-Za-z][A-Za-z0-9]*)", description)} - TAGS)
    if not unknown:
        return []
    return [Finding("warning", "description", f"HTML tags that Prolific does not show: {', '.join(unknown)}.")]


def lint(
    reward: Money, minutes: float, maximum_minutes: float | None, description: str, instruction_checks: int
) -> list[Finding]:
    """Return everything that policy has to say about a study, refusals first."""
    findings = [
        *pay_findings(reward, minutes),
        *time_findings(minutes, maximum_minutes),
        *check_findings(minutes, instruction_checks),
        *description_findings(description),
    ]
    return sorted(findings, key=lambda finding: finding.level)


def refuse(findings: list[Finding]) -> None:
    """Stop here if there is a refusal.

    Raises:
        PolicyError: Naming each.
    """
    faults = tuple(f"{finding.key}: {finding.words}" for finding in findings if finding.level == "refusal")
    if faults:
        raise PolicyError(faults)

"""Prolific's rules, before anything is sent."""

import pytest

from prolific_config import policy
from prolific_config.errors import PolicyError
from prolific_config.money import Money


def levels(findings) -> list[tuple[str, str]]:
    """Return level and key of each finding."""
    return [(finding.level, finding.key) for finding in findings]


@pytest.mark.parametrize(
    ("cents", "currency", "found"),
    [
        (149, "GBP", [("refusal", "reward")]),  # 5.96 an hour
        (150, "GBP", [("warning", "reward")]),  # 6.00
        (224, "GBP", [("warning", "reward")]),  # 8.96
        (225, "GBP", []),  # 9.00
        (199, "USD", [("refusal", "reward")]),  # 7.96
        (200, "USD", [("warning", "reward")]),  # 8.00
        (299, "USD", [("warning", "reward")]),  # 11.96
        (300, "USD", []),  # 12.00
    ],
)
def test_pay_is_judged_by_the_hour(cents, currency, found) -> None:
    """For 15 minutes: below 6 GBP or 8 USD an hour refused, below 9 or 12 warned of."""
    assert levels(policy.pay_findings(Money(cents, currency), 15)) == found


def test_hourly_pay_is_rounded_down() -> None:
    """It is never flattered: 1 penny short of the minimum stays short."""
    assert policy.hourly(Money(100, "GBP"), 16.7) == Money(359, "GBP")
    assert levels(policy.pay_findings(Money(599, "GBP"), 60)) == [("refusal", "reward")]


@pytest.mark.parametrize(
    ("minutes", "checks", "words"),
    [
        (15, 1, "over 5 min with fewer than two instruction checks: rejections for inattention will be blocked."),
        (15, 2, None),
        (5, 0, "up to 5 min with fewer than one instruction check: rejections for inattention will be blocked."),
        (5, 1, None),
    ],
)
def test_too_few_instruction_checks_are_said(minutes, checks, words) -> None:
    """Over 5 minutes it takes two, up to 5 one."""
    assert [finding.words for finding in policy.check_findings(minutes, checks)] == ([words] if words else [])


def test_a_maximum_time_below_prolifics_is_refused() -> None:
    """For 15 minutes Prolific wants 2 + 30 + 2 sqrt(15) = 39.7."""
    assert policy.shortest_maximum(15) == pytest.approx(39.746, abs=1e-3)
    assert levels(policy.time_findings(15, 39)) == [("refusal", "maximum_minutes")]
    assert levels(policy.time_findings(15, 40)) == levels(policy.time_findings(15, None)) == []


def test_html_that_prolific_does_not_show_is_named() -> None:
    """Tags outside its list, in any case, opening or closing."""
    findings = policy.description_findings("<p>Look <IMG src=x> and <a href=y>click</a></p>")

    assert [finding.words for finding in findings] == ["HTML tags that Prolific does not show: a, img."]


def test_refusals_come_first_and_stop() -> None:
    """Each is named in one line; warnings alone stop nothing."""
    findings = policy.lint(Money(100, "GBP"), 15, 20, "<p>ok</p>", instruction_checks=0)

    assert [finding.level for finding in findings] == ["refusal", "refusal", "warning"]
    with pytest.raises(PolicyError, match=r"reward: £1.00 for 15 minutes is £4.00 an hour.*maximum_minutes"):
        policy.refuse(findings)
    policy.refuse([finding for finding in findings if finding.level == "warning"])

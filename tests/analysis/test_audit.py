"""The audit: what the paper's printed numbers can mean, reading by reading."""

import doctest
from pathlib import Path

import pytest

from analysis.audit import (
    Reading,
    check_comparison,
    check_indirect,
    check_mean_of_ratios,
    check_reported,
    check_share,
)
from analysis.errors import ReportedError

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "auditing-printed-results.md"


def readings(printed: str, n: int, line: float = 50) -> dict[str, Reading]:
    """Return the readings of a mean over 100 trials by what ± means."""
    return {r.means: r for r in check_reported(printed, n=n, trials=100, line=line).readings}


def test_the_first_study_is_too_narrow_as_a_deviation() -> None:
    """60.3 ± 3.9 of 72: an SD below coins (phi .64, p .007), an SE of 33.1 pp, or a CI of 16.6 pp."""
    found = readings("60.3 ± 3.9", 72)

    assert round(found["SD"].phi, 2) == 0.64
    assert found["SD"].verdict == "hardly possible: less scatter than coins have (p = .007)"
    assert round(found["SD"].t, 1) == 22.4
    assert (round(found["SE"].sd, 1), round(found["SE"].t, 2)) == (33.1, 2.64)
    assert (round(found["SE"].low, 1), round(found["SE"].high, 1)) == (52.5, 68.1)
    assert (round(found["95 % CI"].sd, 1), round(found["95 % CI"].t, 2)) == (16.6, 5.27)
    assert found["95 % CI"].verdict == "plausible"


def test_the_second_study_is_impossible_as_a_standard_error() -> None:
    """35.2 ± 8.4 of 78 against 25 %: an SE would need an SD of 74 pp, a CI passes with p .0090."""
    found = readings("35.2 ± 8.4", 78, 25)

    assert round(found["SE"].sd, 0) == 74
    assert found["SE"].verdict.startswith("impossible")
    assert (round(found["SE"].t, 2), round(found["SE"].p, 3)) == (1.21, 0.114)
    assert (round(found["SD"].t, 1), round(found["SD"].phi, 1)) == (10.7, 3.1)
    assert (round(found["95 % CI"].t, 2), round(found["95 % CI"].p, 4)) == (2.42, 0.009)
    assert (round(found["95 % CI"].low, 1), round(found["95 % CI"].high, 1)) == (26.8, 43.6)
    assert found["95 % CI"].verdict.startswith("strange")


def test_floor_and_ceiling_stand_beside() -> None:
    """Chance alone gives 4.78 pp, and no rates have more than 47.8 pp."""
    found = check_reported("35.2 ± 8.4", n=78, trials=100)

    assert (round(found.floor, 2), round(found.ceiling, 1)) == (4.78, 47.8)
    assert "SD at least 4.78 (chance alone), at most 47.8 pp" in str(found)
    assert len(str(found).splitlines()) == 4


@pytest.mark.parametrize("printed", ["35.2±8.4", "35.2 +- 8.4 %", "35.2 % +/- 8.4", " 35.2 ± 8.4"])
def test_plus_minus_is_read_in_every_hand(printed: str) -> None:
    """Spaces, percent signs and typewriters' signs are read alike."""
    assert check_reported(printed, n=78, trials=100).error == 8.4


@pytest.mark.parametrize("printed", ["35.2", "± 8.4", "135 ± 8", "35.2 ± 0", "0 ± 1", "nan ± 1", "35,2 ± 8,4"])
def test_what_is_no_rate_is_refused(printed: str) -> None:
    """A lone number, more than 100 %, no error: named, never guessed."""
    with pytest.raises(ReportedError, match="expected a percentage with its error"):
        check_reported(printed, n=78, trials=100)


def test_one_participant_is_refused() -> None:
    """One person has no deviation."""
    with pytest.raises(ReportedError, match="n = 1"):
        check_reported("35.2 ± 8.4", n=1, trials=100)


def test_an_inequality_cannot_be_turned_round() -> None:
    """35.2 is above 25, and that is within one JND."""
    assert "'35.2 % is below 25 %' is wrong" in check_comparison(35.2, "below", 25)
    assert "within 1 JND" in check_comparison(35.2, "below", 25)
    assert "'35.2 % is above 25 %' is right" in check_comparison(35.2, "above", 25)


def test_a_share_is_told_from_a_saving() -> None:
    """2.89 s are 36.1 % of 8.00 s; 63.9 % is what is saved; the speed-up is 2.77."""
    words = check_share(63.9, 2.89, 8.00)

    for part in ("36.1 % of 8", "saves 63.9 %", "2.77 times as fast", "63.9 % is what is saved"):
        assert part in words
    assert check_share(50, 2.89, 8.00).endswith("50 % is neither")


def test_a_mean_of_ratios_is_no_ratio_of_means() -> None:
    """OURS' printed efficiency times its cost is more quality than there is; the reference's is not."""
    ours = check_mean_of_ratios(1.48e-2, 68, ratio_step=0.01e-2, cost_step=1)
    reference = check_mean_of_ratios(0.25e-2, 394, ratio_step=0.01e-2, cost_step=1)

    assert "= 1.006 (by rounding 0.996 to 1.017)" in ours
    assert "more than there is, unless rounding explains it" in ours
    assert "= 0.985" in reference
    assert ": possible." in reference
    assert "more than there is." in check_mean_of_ratios(2e-2, 68, ratio_step=0.01e-2, cost_step=1)


def test_two_studies_compare_indirectly() -> None:
    """UNIFORM lies .950 JND below REFERENCE, if both groups of people are alike."""
    assert "−0.950 JND between the two others, a rate of 26.1 %" in check_indirect(60.3, 35.2)


def test_the_page_shows_what_the_program_says() -> None:
    """Each example of the documentation prints what stands below it."""
    text = PAGE.read_text(encoding="utf-8").replace("\n```", "\n\n")
    page = doctest.DocTestParser().get_doctest(text, {}, PAGE.name, str(PAGE), 0)
    result = doctest.DocTestRunner(verbose=False).run(page)

    assert result.attempted > 5
    assert result.failed == 0

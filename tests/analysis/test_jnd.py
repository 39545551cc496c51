"""Just noticeable differences, and sentences that cannot turn the inequality round."""

import numpy as np
import pytest

from analysis.jnd import corrected_low, d_prime, jnd, jnd_interval, position, rate, verdict
from analysis.rates import Interval


def interval(low: float, high: float) -> Interval:
    """Return a 95 % interval."""
    return Interval(low, high, 0.95, "by hand")


@pytest.mark.parametrize(("p", "distance"), [(0.5, 0.0), (0.75, 1.0), (0.25, -1.0), (0.603, 0.387), (0.352, -0.563)])
def test_known_rates_have_known_distances(p: float, distance: float) -> None:
    """75 % is 1 JND; the paper's rates are .387 and -.563 JND."""
    assert jnd(p) == pytest.approx(distance, abs=5e-4)


@pytest.mark.parametrize(("p", "expected"), [(0.603, 0.369), (0.352, -0.537)])
def test_known_rates_have_known_d_prime(p: float, expected: float) -> None:
    """The discriminability d' is sqrt 2 times the normal quantile."""
    assert d_prime(p) == pytest.approx(expected, abs=5e-4)


def test_rate_inverts_jnd() -> None:
    """To JND and back is the identity."""
    assert [rate(jnd(p)) for p in (0.1, 0.352, 0.9)] == pytest.approx([0.1, 0.352, 0.9])


def test_ends_of_an_interval_are_transformed() -> None:
    """The ends become JND, order and level stay."""
    transformed = jnd_interval(interval(0.25, 0.75))

    assert (transformed.low, transformed.high, transformed.level) == pytest.approx((-1, 1, 0.95))


def test_35_percent_is_above_the_line() -> None:
    """35.2 % against 25 %: above the line, so within 1 JND below; the paper says it the wrong way round."""
    assert position(0.352) == "35.2 % is above the 1-JND line (25 %): OURS is within 1 JND below REFERENCE"


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.2, "below the 1-JND line (25 %): OURS is more than 1 JND below"),
        (0.25, "on the 1-JND line"),
        (0.5, "chance"),
        (0.6, "above chance"),
    ],
)
def test_position_says_where_a_rate_lies(p: float, words: str) -> None:
    """Each side of each line has its own words."""
    assert words in position(p)


@pytest.mark.parametrize(
    ("low", "high", "more", "within"),
    [
        (0.55, 0.65, "yes", "yes"),
        (0.45, 0.55, "undecided", "yes"),
        (0.30, 0.40, "no", "yes"),
        (0.20, 0.40, "no", "undecided"),
        (0.10, 0.20, "no", "no"),
        (np.nan, np.nan, "undecided", "undecided"),
    ],
)
def test_claims_follow_the_interval(low: float, high: float, more: str, within: str) -> None:
    """A claim is made only where the whole interval lies on one side of its line."""
    found = verdict(interval(low, high), 0.0, "OURS", "REFERENCE")

    assert (found.chosen_more, found.within_one_jnd) == (more, within)


def test_sentence_agrees_with_its_claims() -> None:
    """Within 1 JND below stands with 'above 25 %', more than 1 JND with 'below 25 %', never crossed."""
    for low in np.arange(0.01, 0.9, 0.02):
        for width in (0.01, 0.1, 0.3):
            found = verdict(interval(low, min(1, low + width)), 0.0, "OURS", "REFERENCE")
            if (
                "OURS is within 1 JND" in found.sentence.split(";")[-1]
                and "undecided" not in found.sentence.split(";")[-1]
            ):
                assert low > 0.25
            if "more than 1 JND below" in found.sentence:
                assert low + width < 0.25


def test_careless_answers_weaken_the_claim() -> None:
    """A lower end of 30 % is no evidence if 20 % of answers may be careless: (.3 - .1) / .8 = .25."""
    assert corrected_low(0.3, 0.2) == pytest.approx(0.25)
    assert verdict(interval(0.3, 0.4), 0.2, "OURS", "REFERENCE").within_one_jnd == "undecided"


def test_no_catch_trials_no_claim_of_smallness() -> None:
    """Without catch trials a difference cannot be called small, and the sentence says why."""
    assert "too few catch trials" in verdict(interval(0.3, 0.4), 1.0, "OURS", "REFERENCE").sentence

"""Just noticeable differences, and sentences that cannot turn the inequality round."""

import numpy as np
import pytest
from scipy import stats

from analysis.jnd import Verdict, corrected_low, d_prime, jnd, jnd_interval, observed, position, rate, scales
from analysis.jnd import verdict as verdict_of
from analysis.rates import Estimate, Interval


def interval(low: float, high: float) -> Interval:
    """Return a 95 % interval."""
    return Interval(low, high, 0.95, "by hand", df=71)


def estimate(low: float, high: float) -> Estimate:
    """Return an estimate in the middle of its 95 % interval, whose t has 71 degrees of freedom."""
    return Estimate((low + high) / 2, (high - low) / 2 / float(stats.t.ppf(0.975, 71)), interval(low, high), 7200)


def verdict(ends: Interval, lapse: float, first: str, second: str) -> Verdict:
    """Return the verdict on an estimate with this interval."""
    return verdict_of(estimate(ends.low, ends.high), lapse, first, second)


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

    assert (found.chosen_more, found.not_worse) == (more, within)


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
    assert verdict(interval(0.3, 0.4), 0.2, "OURS", "REFERENCE").not_worse == "undecided"


def test_no_catch_trials_no_claim_of_smallness() -> None:
    """Without catch trials a difference cannot be called small, and the sentence says why."""
    assert "too few catch trials" in verdict(interval(0.3, 0.4), 1.0, "OURS", "REFERENCE").sentence


def test_the_papers_second_study_is_within_one_jnd() -> None:
    """35.2 % with a CI of 8.4 points: within 1 JND, not chosen more often, and the claim would flip at .918 JND."""
    found = verdict(interval(0.268, 0.436), 0.0, "OURS", "REFERENCE")

    assert (found.chosen_more, found.not_worse) == ("no", "yes")
    assert found.flip_jnd == pytest.approx(-0.918, abs=1e-3)
    assert "REFERENCE is chosen more often than OURS" in found.sentence
    assert "OURS is within 1 JND below REFERENCE (the interval lies above 25 %" in found.sentence


def test_the_test_of_not_worse_is_the_textbooks() -> None:
    """35.2 % against 25 % with an interval of 8.4 points: t = 2.42, one-sided p about .009."""
    row = verdict(interval(0.268, 0.436), 0.0, "OURS", "REFERENCE").tests.iloc[1]

    assert row["t"] == pytest.approx(0.102 / (0.084 / stats.t.ppf(0.975, 71)), abs=1e-6)
    assert row["p_value"] == pytest.approx(0.009, abs=1e-3)


@pytest.mark.parametrize("lapse", [0.0, 0.1, 0.3])
def test_tests_and_claims_agree(lapse: float) -> None:
    """A claim holds exactly where its one-sided p is below .025, whatever the careless answers."""
    for low in np.arange(0.0213, 0.95, 0.03):
        for width in (0.02, 0.08, 0.2):
            found = verdict(interval(low, low + width), lapse, "OURS", "REFERENCE")
            by_test = (found.tests["p_value"] < 0.025).tolist()
            assert [found.chosen_more == "yes", found.not_worse == "yes", found.equal == "yes"] == [
                by_test[0],
                by_test[1] or by_test[0],
                by_test[2],
            ]


def test_equal_means_inside_both_margins() -> None:
    """Half a JND is 36.8 to 63.2 %: an interval inside it is equal, one that leaves it is not yet."""
    assert verdict(interval(0.40, 0.60), 0.0, "A", "B").equal == "yes"
    assert verdict(interval(0.36, 0.60), 0.0, "A", "B").equal == "undecided"
    assert verdict(interval(0.20, 0.30), 0.0, "A", "B").equal == "no"


def test_another_margin_moves_the_line() -> None:
    """With half a JND as the margin, an interval above 36.8 % is needed, and the words say so."""
    found = verdict_of(estimate(0.30, 0.40), 0.0, "A", "B", margin_jnd=0.5)

    assert found.not_worse == "undecided"
    assert "the interval includes the 0.5-JND line" in found.sentence


@pytest.mark.parametrize(("lapse", "seen"), [(0.05, 0.2625), (0.1, 0.275), (0.2, 0.3), (0.3, 0.325)])
def test_careless_answers_pull_to_one_half(lapse: float, seen: float) -> None:
    """A true 25 % is seen as more; the correction undoes it."""
    assert observed(0.25, lapse) == pytest.approx(seen)
    assert corrected_low(seen, lapse) == pytest.approx(0.25)


def test_scales_say_the_same() -> None:
    """60.3 % is 10.3 points from chance, odds 1.52, d' .369 and .387 JND, each with its transformed ends."""
    table = scales(estimate(0.564, 0.642)).set_index("scale")

    assert table.loc["from chance, percentage points", "value"] == pytest.approx(10.3)
    assert table.loc["odds against chance", "value"] == pytest.approx(0.603 / 0.397)
    assert table.loc["d′", "value"] == pytest.approx(0.369, abs=5e-4)
    assert table.loc["JND (= JOD)"].tolist() == pytest.approx([jnd(0.603), jnd(0.564), jnd(0.642)])

"""The declared rules of quality: exact where they can be, silent where they know too little, blind everywhere."""

from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from stimuli.studyfile import AnalysisTable, QualityTable
from study_server.quality import MARKS, Given, binomial_band, conduct, longest_run, marks, why_unused

RULES, ANALYSIS = QualityTable(), AnalysisTable()


def main(response="left", rt_ms=900.0):
    """Return an answered main trial."""
    return Given("main", 1, response, rt_ms)


def marks_of(trials, focus_losses=0, zoom_changes=0, rules=RULES):
    """Return the marks that the rules give."""
    found = conduct(trials, rules, focus_losses=focus_losses, zoom_changes=zoom_changes)
    return marks(found, rules, ANALYSIS)


def alternating(count, **answer):
    """Return main trials answered on both sides alike."""
    return [main("left" if i % 2 else "right", **answer) for i in range(count)]


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 400), level=st.sampled_from([0.9, 0.99, 0.999]))
def test_the_band_is_the_binomial_distributions_own(n, level):
    """Below the band lies at most (1 - level) / 2, and one count more would lie above it, as scipy says."""
    low, high = binomial_band(n, level)

    assert low + high == n
    assert binom.cdf(low - 1, n, 0.5) <= (1 - level) / 2 + 1e-12
    assert binom.cdf(low, n, 0.5) > (1 - level) / 2 - 1e-12


@given(st.lists(st.sampled_from(["left", "right"])))
def test_the_longest_run_is_the_longest(sides):
    """No run of equal answers is longer."""
    assert longest_run(sides) == max((len(list(run)) for _, run in groupby(sides)), default=0)


def test_a_careful_visit_has_no_mark():
    """Both sides, no haste, checks passed, nothing disturbed."""
    trials = [*alternating(100), *[Given("catch", 1, "left", 900.0, correct=True)] * 10]
    assert marks_of(trials) == ()


@pytest.mark.parametrize(
    ("mark", "trials", "events"),
    [
        ("q-catch", [Given("catch", 1, "left", 900.0, correct=False)] * 2, {}),
        ("q-repeats", [Given("repeat", 1, "left", 900.0, agrees=i == 0) for i in range(4)], {}),
        ("q-side", [main("left") if i % 5 else main("right") for i in range(40)], {}),
        ("q-fast", [*alternating(7), *alternating(3, rt_ms=100.0)], {}),
        ("q-run", [*alternating(40), *[main("left")] * 16], {}),
        ("q-focus", alternating(10), {"focus_losses": 6}),
        ("q-zoom", alternating(10), {"zoom_changes": 3}),
    ],
)
def test_each_rule_gives_its_mark(mark, trials, events):
    """What a rule is about gives its mark, and that alone."""
    assert marks_of(trials, **events) == (mark,)


def test_every_mark_has_a_rule():
    """The cases above are all that there are."""
    assert len(MARKS) == 7


@pytest.mark.parametrize(
    "trials",
    [
        [Given("catch", 1, "left", 900.0, correct=False)],
        [Given("repeat", 1, "left", 900.0, agrees=False)] * 3,
        [main("left")] * 9,
    ],
)
def test_a_rule_says_nothing_of_too_little(trials):
    """One failed catch of one, three repeats, nine answers on one side: no mark."""
    assert marks_of(trials) == ()


def test_use_follows_the_analysis_and_names_the_rule():
    """A slow and careful visit is used; haste, one side or a mark in drop_flags is not, and the desk says why."""
    trials = alternating(20)
    found = conduct(trials, RULES, focus_losses=9, zoom_changes=0)
    hasty = conduct([main("left", 100.0)] * 20, RULES, focus_losses=0, zoom_changes=0)

    assert why_unused(found, marks(found, RULES, ANALYSIS), ANALYSIS) == ""
    assert why_unused(found, ("q-focus",), AnalysisTable(drop_flags=("q-focus",))) == "q-focus"
    assert why_unused(hasty, (), ANALYSIS) == "median RT, one side"

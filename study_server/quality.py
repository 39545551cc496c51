"""How carefully somebody took part: measured from answers and events, judged by the rules that the study declared.

Pure, and blind: nothing here knows a condition. A mark is added to rows and takes none away; whether somebody is paid
is another decision, for which these marks are no ground (docs/explanation/quality.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import comb
from statistics import median

from stimuli.studyfile import AnalysisTable, QualityTable

ENOUGH_CATCHES = 2
ENOUGH_REPEATS = 4
ENOUGH_FOR_A_SIDE = 10
"""Fewer than this many say little, and the rule leaves them alone; the last as in `analysis.exclude`."""

MARKS = {
    "q-catch": "catch accuracy",
    "q-repeats": "repeat consistency",
    "q-side": "side bias",
    "q-fast": "too fast",
    "q-run": "longest run",
    "q-focus": "focus losses",
    "q-zoom": "zoom changes",
}
"""Every mark, and what it looks at."""


@dataclass(frozen=True)
class Given:
    """One answered trial: what it was for, and the side that was chosen; `correct` and `agrees` where they are known.

    Args:
        purpose: Of the trial.
        block: 0 is practice.
        response: 'left', 'right', 'tie' or 'skip'.
        rt_ms: Painted onset to response, milliseconds.
        correct: Of a trial that has a better side.
        agrees: Of a repeat: whether the same image was chosen as at its first showing.
    """

    purpose: str
    block: int
    response: str
    rt_ms: float
    correct: bool | None = None
    agrees: bool | None = None


@dataclass(frozen=True)
class Conduct:
    """What is measured of one visit.

    Args:
        main_trials: Answered main trials.
        catch_correct: Of `catch_asked`.
        checks_failed: Instruction checks that were answered wrongly, of `checks_asked`.
        repeats_equal: Repeats in which the same image was chosen, of `repeats_asked`.
        left: Main trials answered left, of `decided`.
        fast: Main trials answered too fast.
        longest_run: Answers in a row on one side, among main and repeat trials.
        median_rt_ms: Of main trials; none before the first.
        focus_losses: How often the page was hidden.
        zoom_changes: How often window or zoom changed.
    """

    main_trials: int
    catch_correct: int
    catch_asked: int
    checks_failed: int
    checks_asked: int
    repeats_equal: int
    repeats_asked: int
    left: int
    decided: int
    fast: int
    longest_run: int
    median_rt_ms: float | None
    focus_losses: int
    zoom_changes: int


def conduct(given: Sequence[Given], rules: QualityTable, *, focus_losses: int, zoom_changes: int) -> Conduct:
    """Measure one visit.

    Args:
        given: Its answered trials, in the order of their showing.
        rules: `[quality]`.
        focus_losses: Events 'hidden'.
        zoom_changes: Events 'zoomed'.
    """
    main = [one for one in given if one.purpose == "main"]
    decided = [one for one in given if one.response in ("left", "right")]
    sides = [one.response for one in decided if one.purpose == "main"]
    catch = [one.correct for one in given if one.purpose == "catch"]
    checks = [one.correct for one in given if one.purpose == "check"]
    repeats = [one.agrees for one in given if one.agrees is not None]
    return Conduct(
        main_trials=len(main),
        catch_correct=sum(map(bool, catch)),
        catch_asked=len(catch),
        checks_failed=len(checks) - sum(map(bool, checks)),
        checks_asked=len(checks),
        repeats_equal=sum(repeats),
        repeats_asked=len(repeats),
        left=sides.count("left"),
        decided=len(sides),
        fast=sum(one.rt_ms < rules.fast_ms for one in main),
        longest_run=longest_run([one.response for one in decided if one.purpose in ("main", "repeat")]),
        median_rt_ms=median(one.rt_ms for one in main) if main else None,
        focus_losses=focus_losses,
        zoom_changes=zoom_changes,
    )


def marks(found: Conduct, rules: QualityTable, analysis: AnalysisTable) -> tuple[str, ...]:
    """Return the marks that the declared rules give, in the order of `MARKS`.

    Args:
        found: What was measured.
        rules: `[quality]`.
        analysis: `[analysis]`, for its `min_catch_accuracy`.
    """
    low, high = binomial_band(found.decided, rules.side_band)
    repeats = found.repeats_asked * rules.min_repeat_consistency
    hits = {
        "q-catch": _is_low(found.catch_correct, found.catch_asked, analysis.min_catch_accuracy, ENOUGH_CATCHES),
        "q-repeats": found.repeats_asked >= ENOUGH_REPEATS and found.repeats_equal < repeats,
        "q-side": found.decided >= ENOUGH_FOR_A_SIDE and not low <= found.left <= high,
        "q-fast": found.main_trials > 0 and found.fast / found.main_trials > rules.max_fast_share,
        "q-run": found.longest_run > rules.max_run,
        "q-focus": found.focus_losses > rules.max_focus_losses,
        "q-zoom": found.zoom_changes > rules.max_zoom_changes,
    }
    return tuple(mark for mark in MARKS if hits[mark])


def why_unused(found: Conduct, given: Iterable[str], analysis: AnalysisTable) -> str:
    """Return why `[analysis]` would leave a participant out today, in words; empty if it would not.

    Args:
        found: What was measured.
        given: The participant's marks; one that stands in `drop_flags` leaves every row out.
        analysis: `[analysis]`.
    """
    one_side = max(found.left, found.decided - found.left)
    too_fast = found.median_rt_ms is not None and found.median_rt_ms < analysis.min_median_rt_ms
    reasons = {
        "few trials": found.main_trials < analysis.min_main_trials,
        "catch": _is_low(found.catch_correct, found.catch_asked, analysis.min_catch_accuracy, 1),
        "median RT": too_fast,
        "one side": found.decided >= ENOUGH_FOR_A_SIDE and one_side > analysis.max_one_side * found.decided,
        **{mark: mark in analysis.drop_flags for mark in given},
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)


def longest_run(sides: Sequence[str]) -> int:
    """Return the length of the longest run of equal answers; 0 of none."""
    return max((len(list(run)) for _, run in groupby(sides)), default=0)


def binomial_band(n: int, level: float) -> tuple[int, int]:
    """Return the smallest and largest count within the central band of a fair coin thrown `n` times.

    Args:
        n: 0 or more.
        level: Of the band, in (0.5, 1); outside lies at most (1 - level) / 2 on each side.
    """
    most, below, low = Fraction(1 - level) / 2 * 2**n, 0, 0
    while below + comb(n, low) <= most:
        below += comb(n, low)
        low += 1
    return low, n - low


def _is_low(right: int, asked: int, least: float, enough: int) -> bool:
    return asked >= enough and right < least * asked

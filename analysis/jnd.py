"""From a selection rate to just noticeable differences, and to a sentence that cannot turn the inequality round."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from analysis.rates import Interval

JND_Z = float(stats.norm.ppf(0.75))
"""One JND is the difference that 75 % of choices detect; 0.67449 standard deviations."""

ONE_JND_BELOW = 0.25
"""The selection rate of a condition that is one JND worse than the other."""


@dataclass(frozen=True)
class Verdict:
    """What a selection rate says; each claim is 'yes', 'no' or 'undecided'.

    `chosen_more`: the first condition is chosen in more than half of the choices. `within_one_jnd`: it is less than
    1 JND below the second, or above it. `corrected_low`: lower end of the rate without the careless answers.
    """

    chosen_more: str
    within_one_jnd: str
    corrected_low: float
    sentence: str


def d_prime(p: float) -> float:
    """Return d' of a selection rate p in [0, 1]: sqrt(2) times the normal quantile (Thurstone case V)."""
    return float(np.sqrt(2) * stats.norm.ppf(p))


def jnd(p: float) -> float:
    """Return the distance in JND at which a condition is chosen at rate p; 0 at 0.5, 1 at 0.75, -1 at 0.25."""
    return float(stats.norm.ppf(p)) / JND_Z


def rate(distance: float) -> float:
    """Return the selection rate, in [0, 1], at a distance in JND; the inverse of `jnd`."""
    return float(stats.norm.cdf(distance * JND_Z))


def jnd_interval(interval: Interval) -> Interval:
    """Return an interval of rates as one of JND; the ends are transformed, so it keeps its level."""
    return replace(interval, low=jnd(interval.low), high=jnd(interval.high))


def position(p: float, first: str = "OURS", second: str = "REFERENCE") -> str:
    """Return where a rate lies against the 1-JND line and against chance, in words; of the point estimate alone.

    Args:
        p: How often `first` was chosen over `second`, in [0, 1].
        first: The condition whose selection is counted.
        second: The condition it was compared with.
    """
    found = f"{100 * p:.1f} %"
    line = f"the 1-JND line ({100 * ONE_JND_BELOW:.0f} %)"
    if p < ONE_JND_BELOW:
        return f"{found} is below {line}: {first} is more than 1 JND below {second}"
    if p == ONE_JND_BELOW:
        return f"{found} is on {line}: {first} is 1 JND below {second}"
    if p < 0.5:
        return f"{found} is above {line}: {first} is within 1 JND below {second}"
    if p == 0.5:
        return f"{found} is chance: {first} and {second} are chosen equally often"
    return f"{found} is above chance (50 %): {first} is chosen more often than {second}"


def corrected_low(low: float, lapse_bound: float) -> float:
    """Return the lower end of a rate if as many answers as `lapse_bound` were given without looking.

    Answers without looking pull every rate to 50 %, which makes a claim of 'within 1 JND' easy; this undoes it.

    Args:
        low: Lower end of the interval of the rate, in [0, 1].
        lapse_bound: Upper bound on the share of such answers, in [0, 1].
    """
    return max(0.0, (low - lapse_bound / 2) / (1 - lapse_bound)) if lapse_bound < 1 else 0.0


def verdict(interval: Interval, lapse_bound: float, first: str, second: str) -> Verdict:
    """Return what an interval of the selection rate of `first` over `second` allows to be said.

    Args:
        interval: Of the rate, in [0, 1].
        lapse_bound: Upper bound on answers given without looking, in [0, 1]; 1 where there were no catch trials.
        first: The condition whose selection is counted.
        second: The condition it was compared with.
    """
    low, high = interval.low, interval.high
    bound = corrected_low(low, lapse_bound)
    more = _claim(low > 0.5, high < 0.5)
    within = _claim(bound > ONE_JND_BELOW or low > 0.5, high < ONE_JND_BELOW)
    if np.isnan(low):
        return Verdict(more, within, bound, "Nothing is decided: one participant or one prompt gives no interval.")
    why = _why_undecided(low, bound, lapse_bound)
    words = [_more(more, first, second), _within(within, first, second, why)]
    return Verdict(more, within, bound, "; ".join(words[:1] if more == "yes" else words) + ".")


def _claim(holds: bool, fails: bool) -> str:
    return "yes" if holds else "no" if fails else "undecided"


def _more(claim: str, first: str, second: str) -> str:
    return {
        "yes": f"{first} is chosen more often than {second} (the interval lies above 50 %)",
        "no": f"{second} is chosen more often than {first} (the interval lies below 50 %)",
        "undecided": f"It is undecided whether {first} or {second} is chosen more often (the interval includes 50 %)",
    }[claim]


def _within(claim: str, first: str, second: str, why: str) -> str:
    line = f"{100 * ONE_JND_BELOW:.0f} %, the 1-JND line"
    return {
        "yes": f"{first} is within 1 JND below {second} (the interval lies above {line})",
        "no": f"{first} is more than 1 JND below {second} (the interval lies below {line})",
        "undecided": f"it is undecided whether {first} is within 1 JND below {second} ({why})",
    }[claim]


def _why_undecided(low: float, bound: float, lapse_bound: float) -> str:
    if low <= ONE_JND_BELOW:
        return "the interval includes the 1-JND line"
    if lapse_bound >= 1:
        return "there are too few catch trials to bound careless answers"
    careless = f"if up to {100 * lapse_bound:.0f} % of answers were careless"
    return f"{careless}, the lower end is {100 * bound:.0f} %, not above the 1-JND line"

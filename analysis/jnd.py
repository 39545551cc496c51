"""From a selection rate to just noticeable differences, and to a sentence that cannot turn the inequality round."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logit

from analysis.rates import Estimate, Interval

JND_Z = float(stats.norm.ppf(0.75))
"""One JND is the difference that 75 % of choices detect; 0.67449 standard deviations."""

ONE_JND_BELOW = 0.25
"""The selection rate of a condition that is one JND worse than the other."""


@dataclass(frozen=True)
class Verdict:
    """What a selection rate says; each claim is 'yes', 'no' or 'undecided'.

    `chosen_more`: the first condition is chosen in more than half of the choices. `not_worse`: it is less than
    `margin_jnd` below the second, or above it. `equal`: the two are less than the margin of equivalence apart.
    `corrected_low`: lower end of the rate without the careless answers; as a distance in JND it is `flip_jnd`, the
    margin at which 'not worse' would flip. `tests`: one row for each claim (claim, null, t, df, p_value, holds).
    """

    chosen_more: str
    not_worse: str
    equal: str
    corrected_low: float
    flip_jnd: float
    margin_jnd: float
    equivalence_jnd: float
    tests: pd.DataFrame
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


def scales(estimate: Estimate) -> pd.DataFrame:
    """Return a selection rate with its interval on every scale in use; ends are transformed.

    Returns:
        Columns scale, value, low, high: percent, percentage points from chance, log-odds, odds ratio against chance,
        Cohen's h, d' and JND (the JOD of pwcmp).
    """
    ways = {
        "selection rate, %": lambda p: 100 * p,
        "from chance, percentage points": lambda p: 100 * (p - 0.5),
        "log-odds": lambda p: float(logit(p)),
        "odds against chance": lambda p: float(np.exp(logit(p))),
        "Cohen's h": lambda p: float(2 * np.arcsin(np.sqrt(p)) - np.pi / 2),
        "d′": d_prime,
        "JND (= JOD)": jnd,
    }
    points = (estimate.mean, estimate.interval.low, estimate.interval.high)
    rows = [(name, *(way(point) for point in points)) for name, way in ways.items()]
    return pd.DataFrame(rows, columns=["scale", "value", "low", "high"])


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

    Answers without looking pull every rate to 50 %, which makes a claim of 'not worse' easy; this undoes it.

    Args:
        low: Lower end of the interval of the rate, in [0, 1].
        lapse_bound: Upper bound on the share of such answers, in [0, 1].
    """
    return max(0.0, (low - lapse_bound / 2) / (1 - lapse_bound)) if lapse_bound < 1 else 0.0


def observed(p: float, lapse: float) -> float:
    """Return the rate at which a condition with true rate p is chosen if a share `lapse` answers without looking."""
    return lapse / 2 + (1 - lapse) * p


def verdict(
    estimate: Estimate,
    lapse_bound: float,
    first: str,
    second: str,
    *,
    margin_jnd: float = 1.0,
    equivalence_jnd: float = 0.5,
) -> Verdict:
    """Return what an estimate of the selection rate of `first` over `second` allows to be said.

    Args:
        estimate: Of the rate, in [0, 1]; its interval of level 1 - alpha makes every claim one-sided at alpha / 2.
        lapse_bound: Upper bound on answers given without looking, in [0, 1]; 1 where there were no catch trials.
        first: The condition whose selection is counted.
        second: The condition it was compared with.
        margin_jnd: 'Not worse' means less than this many JND below.
        equivalence_jnd: 'Equal' means less than this many JND apart.
    """
    low, high = estimate.interval.low, estimate.interval.high
    bound, margin = corrected_low(low, lapse_bound), rate(-margin_jnd)
    more = _claim(low > 0.5, high < 0.5)
    worse = _claim(bound > margin or low > 0.5, high < margin)
    ends = [observed(rate(sign * equivalence_jnd), lapse_bound) for sign in (-1, 1)]
    equal = _claim(low > ends[0] and high < ends[1], high < rate(-equivalence_jnd) or low > rate(equivalence_jnd))
    names = (
        f"{first} is chosen more often than {second}",
        f"{first} is less than {margin_jnd:g} JND below {second}",
        f"{first} and {second} are less than {equivalence_jnd:g} JND apart",
    )
    tests = _tests(estimate, lapse_bound, (-margin_jnd, -equivalence_jnd, equivalence_jnd))
    tests = tests.assign(claim=names, holds=[more, worse, equal])[["claim", "null", "t", "df", "p_value", "holds"]]
    found = (more, worse, equal, bound, jnd(bound), margin_jnd, equivalence_jnd, tests)
    if np.isnan(low):
        return Verdict(*found, "Nothing is decided: one participant or one prompt gives no interval.")
    why = _why_undecided(low, bound, lapse_bound, margin)
    words = [_more(more, first, second), _within(worse, first, second, why, margin_jnd)]
    return Verdict(*found, "; ".join(words[:1] if more == "yes" else words) + ".")


def _tests(estimate: Estimate, lapse: float, margins: tuple[float, float, float]) -> pd.DataFrame:
    """Return one-sided tests from the interval's own standard error; margins (JND) move with the careless answers."""
    df = estimate.interval.df or np.nan
    worse, below, above = (observed(rate(margin), lapse) for margin in margins)

    def test(null: float, sign: int = 1) -> tuple[float, float]:
        t = sign * (estimate.mean - null) / estimate.se if estimate.se > 0 else np.nan
        return t, float(stats.t.sf(t, df))

    apart = min(test(below), test(above, -1))  # two one-sided tests: the weaker one counts
    nothing = ("no catch trials bound the careless answers", np.nan, np.nan)
    rows = [
        ("50 % or less", *test(0.5)),
        (f"{100 * worse:.1f} % or less", *test(worse)) if lapse < 1 else nothing,
        (f"outside {100 * below:.1f} to {100 * above:.1f} %", *apart) if lapse < 1 else nothing,
    ]
    return pd.DataFrame(rows, columns=["null", "t", "p_value"]).assign(df=df)


def _claim(holds: bool, fails: bool) -> str:
    return "yes" if holds else "no" if fails else "undecided"


def _more(claim: str, first: str, second: str) -> str:
    return {
        "yes": f"{first} is chosen more often than {second} (the interval lies above 50 %)",
        "no": f"{second} is chosen more often than {first} (the interval lies below 50 %)",
        "undecided": f"It is undecided whether {first} or {second} is chosen more often (the interval includes 50 %)",
    }[claim]


def _within(claim: str, first: str, second: str, why: str, margin: float) -> str:
    line = f"{100 * rate(-margin):.3g} %, the {margin:g}-JND line"
    return {
        "yes": f"{first} is within {margin:g} JND below {second} (the interval lies above {line})",
        "no": f"{first} is more than {margin:g} JND below {second} (the interval lies below {line})",
        "undecided": f"it is undecided whether {first} is within {margin:g} JND below {second} ({why})",
    }[claim]


def _why_undecided(low: float, bound: float, lapse_bound: float, margin: float) -> str:
    line = f"the {-jnd(margin):g}-JND line"
    if low <= margin:
        return f"the interval includes {line}"
    if lapse_bound >= 1:
        return "there are too few catch trials to bound careless answers"
    careless = f"if up to {100 * lapse_bound:.0f} % of answers were careless"
    return f"{careless}, the lower end is {100 * bound:.0f} %, not above {line}"

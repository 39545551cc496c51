"""Intervals of thresholds by resampling people, or answers where there is one person."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from analysis.psychometric import Curves, fit
from analysis.scoring import Numbers

MOST_LOST = 0.025
"""Share of replicates without a threshold above which an interval would be of the lucky ones only."""


@dataclass(frozen=True)
class Replicates:
    """Thresholds of B resamples, shape (B,), their curves, and the interval [low, high]; NaN ends: not estimable."""

    thresholds: Numbers
    curves: Curves
    low: float
    high: float
    estimator: str


def by_participant(
    curve: Curves, x: Numbers, k: Numbers, n: Numbers, at: float, level: float, count: int, rng: np.random.Generator
) -> Replicates:
    """Return the BCa bootstrap of one curve's threshold, with participants drawn anew.

    Args:
        curve: The fitted curve, S = 1.
        x: Levels, shape (L,).
        k: Successes, shape (participants, L).
        n: Trials, shape (participants, L).
        at: psi of the threshold.
        level: Confidence level.
        count: Replicates.
        rng: Chance.

    Source:
        Efron (1987), Journal of the American Statistical Association 82.
    """
    people = len(k)
    weights = rng.multinomial(people, np.full(people, 1 / people), size=count).astype(np.float64)
    curves = again(curve, x, weights @ k, weights @ n)
    left_out = again(curve, x, k.sum(axis=0) - k, n.sum(axis=0) - n).threshold(at)
    drawn = curves.threshold(at)
    low, high = _bca(drawn, left_out, float(curve.threshold(at)[0]), level)
    return Replicates(drawn, curves, low, high, f"BCa bootstrap of {people} participants, {count} replicates")


def by_answer(
    curve: Curves, x: Numbers, n: Numbers, at: float, level: float, count: int, rng: np.random.Generator
) -> Replicates:
    """Return the parametric percentile bootstrap: answers drawn from the fitted curve, trials n of shape (L,).

    It speaks of further answers of the same person, and of nobody else.
    """
    curves = again(curve, x, simulated(curve, x, n, count, rng), n)
    drawn = curves.threshold(at)
    low, high = _ends(drawn, np.array([(1 - level) / 2, (1 + level) / 2]))
    return Replicates(drawn, curves, low, high, f"parametric bootstrap of answers, {count} replicates")


def deviance_p(curve: Curves, x: Numbers, k: Numbers, n: Numbers, count: int, rng: np.random.Generator) -> float:
    """Return how often answers drawn from the curve itself have a deviance as large, in (0, 1].

    Args:
        curve: The fitted curve, S = 1.
        x: Levels, shape (L,).
        k: Successes, shape (L,).
        n: Trials, shape (L,).
        count: Replicates.
        rng: Chance.
    """
    drawn = simulated(curve, x, n, count, rng)
    own = float(curve.deviance(x, k[None], n[None])[0])
    others = again(curve, x, drawn, n).deviance(x, drawn, n)
    return float((1 + (others >= own - 1e-9).sum()) / (1 + count))


def simulated(curve: Curves, x: Numbers, n: Numbers, count: int, rng: np.random.Generator) -> Numbers:
    """Return successes drawn from one curve, shape (count, L)."""
    return rng.binomial(n.astype(np.int64), curve.psi(x)[0], size=(count, len(x))).astype(np.float64)


def again(curve: Curves, x: Numbers, k: Numbers, n: Numbers) -> Curves:
    """Fit other data as this curve was fitted; a lapse that was given stays given."""
    lapse = None if curve.lapse_fitted else float(curve.lapse[0])
    return fit(x, k, n, link=curve.link, guess=curve.guess, lapse=lapse, log_x=curve.log_x)


def _bca(drawn: Numbers, left_out: Numbers, estimate: float, level: float) -> tuple[float, float]:
    """Return the ends of the bias-corrected and accelerated interval; of the percentile one where that is undefined."""
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    finite = drawn[np.isfinite(drawn)]
    share = (
        np.clip((finite < estimate).mean(), 1 / (2 + len(finite)), 1 - 1 / (2 + len(finite))) if len(finite) else 0.5
    )
    bias, pull = ndtri(share), left_out.mean() - left_out
    spread = (pull**2).sum() ** 1.5
    acceleration = (pull**3).sum() / (6 * spread) if np.isfinite(spread) and spread > 0 else 0.0
    shifted = bias + ndtri(tails)
    return _ends(drawn, ndtr(bias + shifted / (1 - acceleration * shifted)))


def _ends(drawn: Numbers, shares: Numbers) -> tuple[float, float]:
    finite = np.isfinite(drawn)
    if (~finite).mean() > MOST_LOST:
        return float("nan"), float("nan")
    low, high = np.quantile(drawn[finite], shares)
    return float(low), float(high)

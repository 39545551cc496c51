"""How much groups of trials differ beyond chance: overdispersion, the beta-binomial, and shrinking towards the mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import betaln, expit, gammaln, logit

Numbers = NDArray[np.float64]

SMALLEST_GAMMA = 1e-7
INDISTINCT = 1e-4
"""A likelihood ratio below this puts gamma at its boundary, 0."""


@dataclass(frozen=True)
class BetaBinomial:
    """Rates that vary between groups as a beta distribution.

    `mu` is the mean rate, `gamma` in [0, 1) how alike the trials of one group are (0: groups do not differ; the
    variance of a count is n mu (1 - mu) (1 + (n - 1) gamma)); each with its standard error (NaN at the boundary).
    `likelihood_ratio` tests gamma = 0, `p_value` by half a chi-square.
    """

    mu: float
    gamma: float
    mu_se: float
    gamma_se: float
    likelihood_ratio: float
    p_value: float


def overdispersion(selected: Numbers, n: Numbers) -> float:
    """Return Pearson's chi-square over its degrees of freedom: about 1 if groups differ only by chance.

    Args:
        selected: Times the condition was chosen, shape (groups,).
        n: Decided trials, shape (groups,).
    """
    p = selected.sum() / n.sum()
    if len(n) < 2 or p in (0.0, 1.0):
        return float("nan")
    return float((((selected - n * p) ** 2) / (n * p * (1 - p))).sum() / (len(n) - 1))


def betabinomial(selected: Numbers, n: Numbers) -> BetaBinomial:
    """Return the maximum-likelihood beta-binomial of counts.

    Args:
        selected: Times the condition was chosen, shape (groups,).
        n: Decided trials, shape (groups,).

    Source:
        Skellam (1948), Journal of the Royal Statistical Society B 10(2); in the parameters of Brockhoff (2003).
    """
    p = float(selected.sum() / n.sum())
    if len(n) < 2 or p in (0.0, 1.0):
        return BetaBinomial(p, *[float("nan")] * 5)
    start = [logit(p), logit(min(0.5, max(0.01, (overdispersion(selected, n) - 1) / max(1.0, float(n.mean() - 1)))))]
    bounds = [(-12.0, 12.0), (logit(SMALLEST_GAMMA), 6.0)]
    found = optimize.minimize(lambda v: -_height(expit(v[0]), expit(v[1]), selected, n), start, bounds=bounds)
    mu, gamma = (float(value) for value in expit(found.x))
    ratio = max(0.0, 2 * (_height(mu, gamma, selected, n) - _height(p, SMALLEST_GAMMA, selected, n)))
    if ratio < INDISTINCT:
        return BetaBinomial(p, 0.0, float(np.sqrt(p * (1 - p) / n.sum())), float("nan"), 0.0, 0.5)
    mu_se, gamma_se = _errors(mu, gamma, selected, n)
    return BetaBinomial(mu, gamma, mu_se, gamma_se, ratio, float(stats.chi2.sf(ratio, 1) / 2))


def shrink(selected: Numbers, n: Numbers, level: float = 0.95) -> dict[str, Numbers]:
    """Return each group's rate drawn towards the mean: the posterior under the beta distribution of all groups.

    Args:
        selected: Times the condition was chosen, shape (groups,).
        n: Decided trials, shape (groups,).
        level: Of the posterior interval, in (0, 1).

    Returns:
        shrunk, shrunk_low and shrunk_high, each of shape (groups,); all the mean where groups do not differ, and NaN
        where the distribution cannot be estimated.
    """
    found = betabinomial(selected, n)
    if not found.gamma > 0:
        same = np.full(len(n), found.mu if found.gamma == 0 else np.nan)
        return {"shrunk": same, "shrunk_low": same.copy(), "shrunk_high": same.copy()}
    prior = (1 - found.gamma) / found.gamma
    a, b = found.mu * prior + selected, (1 - found.mu) * prior + n - selected
    low, high = (stats.beta.ppf(q, a, b) for q in ((1 - level) / 2, (1 + level) / 2))
    return {"shrunk": a / (a + b), "shrunk_low": low, "shrunk_high": high}


def _height(mu: float, gamma: float, selected: Numbers, n: Numbers) -> float:
    a, b = mu * (1 - gamma) / gamma, (1 - mu) * (1 - gamma) / gamma
    choose = gammaln(n + 1) - gammaln(selected + 1) - gammaln(n - selected + 1)
    return float((choose + betaln(selected + a, n - selected + b) - betaln(a, b)).sum())


def _errors(mu: float, gamma: float, selected: Numbers, n: Numbers) -> tuple[float, float]:
    """Return standard errors from the observed information, by central differences."""
    steps = np.array([1e-4, min(1e-4, gamma / 4)])

    def at(i: float, j: float) -> float:
        return _height(mu + i * steps[0], gamma + j * steps[1], selected, n)

    here = at(0, 0)
    second = np.array([(at(1, 0) - 2 * here + at(-1, 0)), (at(0, 1) - 2 * here + at(0, -1))]) / steps**2
    mixed = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * steps.prod())
    information = -np.array([[second[0], mixed], [mixed, second[1]]])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return float(errors[0]), float(errors[1])

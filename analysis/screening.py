"""Who chose unlike everybody else: pwcmp's observer score, a diagnostic that excludes nobody."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import xlog1py, xlogy

from analysis.errors import PairsError
from analysis.links import PROBIT
from analysis.pairs import SIDES, Numbers, decided

CUSTOMARY = 1.5
"""A score above this deserves a look at the person's data, says pwcmp."""

FEWEST = 3
"""Participants without whom nobody can be unlike the others."""

_FLOOR = 0.1  # pwcmp's: the prior never falls below it
_SMALLEST = 1e-200


def screen(choices: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return each participant's score: how much less likely their choices are than the others' say.

    The scale of all others is fitted for each participant (and each group), and the participant's counts are judged
    under it. A high score is a reason to look, not to exclude: a person may see differently and be right.

    Args:
        choices: Columns participant, left_condition, right_condition, chosen (one of them), and `by`.
        by: Column that tells groups with scales of their own, such as scenes; none puts all into one.

    Returns:
        Columns participant, n (choices), log10_likelihood (mean over pairs of conditions) and score (distance below
        the first quartile in interquartile ranges, 0 above it); the highest score first.

    Raises:
        NoChoicesError: If nothing was decided.
        PairsError: If fewer than three people chose.

    Source:
        Perez-Ortiz and Mantiuk (2017), arXiv:1712.03686, section 9, and pwcmp's `pw_outlier_analysis`.
    """
    rows = decided(choices)
    people, names = pd.factorize(rows["participant"], sort=True)
    if len(names) < FEWEST:
        raise PairsError(f"{len(names)} participant(s)", f"at least {FEWEST}, to judge one by the others")
    counts = _counts(rows, people, by)
    likelihood = log10_likelihoods(counts)
    frame = pd.DataFrame(
        {
            "participant": names,
            "n": counts.sum(axis=(0, 2, 3)).astype(np.int64),
            "log10_likelihood": likelihood,
            "score": scores(likelihood),
        }
    )
    return frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def log10_likelihoods(counts: Numbers) -> Numbers:
    """Return each participant's mean log10 likelihood under the scales of all others, shape (participants,).

    Args:
        counts: How often each condition was chosen over each other, shape (groups, participants, K, K).
    """
    total, seen = np.zeros(counts.shape[1]), np.zeros(counts.shape[1])
    above = np.triu(np.ones(counts.shape[2:], dtype=bool), 1)
    for group in counts:
        everybody = group.sum(axis=0)
        for person, own in enumerate(group):
            shown = (own + own.T > 0) & above
            if shown.any():
                rate = PROBIT.cdf(_differences(empirical_prior_scale(everybody - own))[shown] * PROBIT.jnd)
                likelihood = stats.binom.pmf(own[shown], (own + own.T)[shown], rate)
                total[person] += np.log10(np.maximum(likelihood, _SMALLEST)).sum()
                seen[person] += shown.sum()
    return total / np.maximum(seen, 1)


def scores(likelihoods: Numbers) -> Numbers:
    """Return how many interquartile ranges each value lies below the first quartile, 0 for those above it."""
    low, high = np.quantile(likelihoods, [0.25, 0.75], method="hazen")
    if high == low:
        return np.zeros(len(likelihoods))
    return np.asarray(np.maximum((low - likelihoods) / (high - low), 0.0))


def empirical_prior_scale(wins: Numbers) -> Numbers:
    """Return the places of K conditions in JND (mean 0) under pwcmp's prior, which is called 'gaussian' there.

    The prior of a distance is how likely the counts of the other pairs would be at that distance; it holds unanimous
    pairs at a finite place.

    Args:
        wins: How often each condition was chosen over each other, shape (K, K).

    Source:
        Perez-Ortiz and Mantiuk (2017), arXiv:1712.03686, section 5.
    """
    n = wins + wins.T
    first, second = np.nonzero(n)
    k, total = wins[first, second], n[first, second]
    tempered = _tempered(k, total)

    def loss(q: Numbers) -> tuple[float, Numbers]:
        eta = (q[first] - q[second]) * PROBIT.jnd
        p, slope = np.clip(PROBIT.cdf(eta), 1e-12, 1 - 1e-12), PROBIT.pdf(eta) * PROBIT.jnd
        prior, prior_slope = _prior(p, tempered, total)
        pull = ((k - total * p) / (p * (1 - p)) + prior_slope) * slope
        gradient = np.bincount(second, pull, len(q)) - np.bincount(first, pull, len(q)) + 0.02 * q.mean() / len(q)
        value = -(xlogy(k, p) + xlog1py(total - k, -p) + np.log(prior + _FLOOR)).sum() + 0.01 * q.mean() ** 2
        return float(value), gradient

    found = optimize.minimize(loss, np.zeros(len(wins)), jac=True, method="BFGS", options={"gtol": 1e-6})
    return np.asarray(found.x - found.x.mean())


def _tempered(k: Numbers, n: Numbers) -> Numbers:
    """Return the counts with one answer moved where a pair was unanimous."""
    return np.where(k == 0, 1.0, np.where(k == n, k - 1, k))


def _prior(p: Numbers, k: Numbers, n: Numbers) -> tuple[Numbers, Numbers]:
    """Return the prior of each distance and the derivative of log(prior + floor) by its probability, shape (pairs,)."""
    log_likelihood = k * np.log(p)[:, None] + (n - k) * np.log1p(-p)[:, None]  # (distance, counts of a pair)
    share = np.exp(log_likelihood - log_likelihood.max(axis=0))
    share /= share.sum(axis=0)
    prior = share.sum(axis=1)
    slope = k / p[:, None] - (n - k) / (1 - p)[:, None]
    weight = 1 / (prior + _FLOOR)
    return prior, (share * slope * (weight[:, None] - weight @ share)).sum(axis=1)


def _differences(q: Numbers) -> Numbers:
    return q[:, None] - q[None, :]


def _counts(rows: pd.DataFrame, people: NDArray[np.int64], by: str | None) -> Numbers:
    sides = rows[[*SIDES, "chosen"]].astype(str)
    names = sorted({*sides["left_condition"], *sides["right_condition"]})
    codes = {name: code for code, name in enumerate(names)}
    left, right, chosen = (sides[column].map(codes).to_numpy(np.int64) for column in sides)
    groups = np.zeros(len(sides), np.int64) if by is None else pd.factorize(rows[by], sort=True)[0]
    counts = np.zeros((groups.max() + 1, people.max() + 1, len(names), len(names)))
    np.add.at(counts, (groups, people, chosen, np.where(chosen == left, right, left)), 1.0)
    return counts

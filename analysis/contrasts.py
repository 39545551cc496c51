"""Which of the conditions on a scale differ: every pair with its interval, and bars that may be compared by eye."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

from analysis.pairs import Numbers
from analysis.scaling import MODEL_LINKS, Scale


def contrasts(scale: Scale, level: float = 0.95) -> pd.DataFrame:
    """Return every pair of conditions, the better one first, with p values corrected by Holm's method.

    The intervals are each of level `level`, not jointly; `p_holm` is for the whole family of pairs.

    Args:
        scale: Result of `scaling.scale`.
        level: Confidence level of each interval, in (0, 1).

    Returns:
        Columns first, second, difference, se, low, high (JND), rate (how often the first is chosen over the second, in
        [0, 1]), p, p_holm, differs (p_holm is below 1 - level); NaN where the standard error is 0.

    Source:
        Holm (1979), Scandinavian Journal of Statistics 6.
    """
    order = np.argsort(-scale.jnd, kind="stable")
    better, worse = np.array(list(combinations(order, 2))).T
    difference, se = scale.jnd[better] - scale.jnd[worse], np.sqrt(_variances(scale.covariance)[better, worse])
    half = stats.t.ppf((1 + level) / 2, scale.df) * se
    p = 2 * stats.t.sf(difference / np.where(se > 0, se, np.nan), scale.df)
    holm = np.full(len(p), np.nan)
    holm[np.isfinite(p)] = multipletests(p[np.isfinite(p)], method="holm")[1] if np.isfinite(p).any() else []
    link = MODEL_LINKS[scale.model]
    names = np.array(scale.conditions, dtype=object)
    columns = {"first": names[better], "second": names[worse], "difference": difference, "se": se}
    columns |= {"low": difference - half, "high": difference + half, "rate": link.cdf(difference * link.jnd)}
    return pd.DataFrame(columns | {"p": p, "p_holm": holm, "differs": holm < 1 - level})


def places(scale: Scale, level: float = 0.95) -> pd.DataFrame:
    """Return every condition with its place and the interval of its quasi standard error, best first.

    Where two quasi intervals meet, the difference between the two is about within its own error; the interval against
    the mean of all conditions (from `se`) says nothing about pairs.

    Returns:
        Columns condition, jnd, se, quasi_se, low, high (JND; the ends are jnd -+ t quantile times quasi_se).
    """
    quasi = quasi_se(scale.covariance)[0]
    half = stats.t.ppf((1 + level) / 2, scale.df) * quasi
    columns = {"condition": scale.conditions, "jnd": scale.jnd, "se": scale.se, "quasi_se": quasi}
    frame = pd.DataFrame(columns | {"low": scale.jnd - half, "high": scale.jnd + half})
    return frame.sort_values("jnd", ascending=False, kind="stable", ignore_index=True)


def quasi_se(covariance: Numbers) -> tuple[Numbers, float]:
    """Return standard errors whose squares add up to the variance of each difference as nearly as can be.

    Args:
        covariance: Of K places, shape (K, K), at least 2.

    Returns:
        The quasi standard errors, shape (K,), and the largest relative error of a difference's standard error that is
        read off them.

    Source:
        Firth and de Menezes (2004), Biometrika 91: the squared error of the logarithm of each variance is least.
    """
    rows, columns = np.triu_indices(len(covariance), 1)
    true = _variances(covariance)[rows, columns]
    if not (true > 0).all():
        return np.full(len(covariance), np.nan), float("nan")

    def misses(log_variances: Numbers) -> Numbers:
        v = np.exp(log_variances)
        return np.asarray(np.log((v[rows] + v[columns]) / true))

    start = np.full(len(covariance), np.log(true.mean() / 2))
    found = optimize.least_squares(misses, start, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    worst = float(np.abs(np.exp(misses(found.x) / 2) - 1).max())
    return np.exp(found.x / 2), worst


def _variances(covariance: Numbers) -> Numbers:
    """Return the variance of every difference, shape (K, K)."""
    own = np.diag(covariance)
    return np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0)

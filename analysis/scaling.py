"""One scale for many conditions: Thurstone's case V and the model of Bradley and Terry, from paired comparisons."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats
from scipy.sparse.csgraph import connected_components
from scipy.special import xlogy

from analysis.errors import DisconnectedError, SeparatedError
from analysis.links import LOGIT, PROBIT, Link
from analysis.pairs import Numbers, Pairs

Model = Literal["thurstone", "bradley-terry"]
Prior = Literal["none", "gaussian"]

MODEL_LINKS: dict[str, Link] = {"thurstone": PROBIT, "bradley-terry": LOGIT}

PRIOR_JND = 3.0
"""Standard deviation of the Gaussian prior of a condition's place, JND: it says that 1 and 10 JND are not alike."""

FARTHEST = 12.0
"""A predictor beyond this is a probability that no data give: the estimate runs away."""


@dataclass(frozen=True)
class Scale:
    """The places of K conditions on one axis, JND, with mean 0; a difference of 1 is chosen in 75 % of comparisons.

    `covariance` is that of `jnd`, shape (K, K), and knows of participants where they are known (`estimator`); `df` are
    the degrees of freedom for its t quantiles. `position` is the advantage of the side shown first, in the link's
    units (log-odds for Bradley-Terry), with its standard error; none where it was not asked for. `deviance` is against
    the model that gives each pair a rate of its own (each ordered pair, where a position was asked for), with
    `deviance_df`. `is_separated` says that only the prior keeps a place from running away.
    """

    model: Model
    prior: Prior
    conditions: tuple[str, ...]
    jnd: Numbers
    covariance: Numbers
    df: float
    estimator: str
    position: float | None
    position_se: float | None
    deviance: float
    deviance_df: int
    log_likelihood: float
    n_participants: int
    n_choices: float
    is_separated: bool

    @property
    def se(self) -> Numbers:
        """Standard error of each place against the mean of all, JND, shape (K,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def deviance_p(self) -> float:
        """How often a deviance as large arises if one axis suffices (chi-square, choices taken as independent)."""
        return float(stats.chi2.sf(self.deviance, self.deviance_df)) if self.deviance_df > 0 else float("nan")


def scale(pairs: Pairs, model: Model = "thurstone", prior: Prior = "none", *, position: bool = False) -> Scale:
    """Return the places of all conditions by maximum likelihood, or at the posterior mode under a prior.

    The covariance is the sandwich over participants, with G/(G-1), where at least two are known; otherwise it is the
    inverse information, which takes choices as independent.

    Args:
        pairs: Comparisons of at least two conditions.
        model: Probit ('thurstone') or logit ('bradley-terry') link.
        prior: 'gaussian' places each condition at N(0, 3 JND) beforehand, so that unanimous pairs have an answer.
        position: Whether to estimate the advantage of the side shown first (home advantage, order effect).

    Raises:
        DisconnectedError: If no chain of comparisons joins some conditions to the others.
        SeparatedError: If some were never chosen over the others, so that without a prior their distance is infinite.

    Source:
        Thurstone (1927); Bradley and Terry (1952), Biometrika 39; existence: Ford (1957), American Mathematical
        Monthly 64; covariance: Liang and Zeger (1986), Biometrika 73.
    """
    link, basis = MODEL_LINKS[model], _basis(len(pairs.conditions))
    is_separated = _check(pairs, prior)
    design = basis[pairs.first] - basis[pairs.second]
    if position:
        design = np.column_stack([design, np.ones(len(design))])
    penalty = np.zeros(design.shape[1])
    penalty[: basis.shape[1]] = 0.0 if prior == "none" else 1 / (PRIOR_JND * link.jnd) ** 2
    theta, information, scores = _fit(link, design, pairs, penalty)
    covariance, df, estimator = _covariance(information, scores, pairs)
    places, unit = basis.shape[1], link.jnd
    predicted = link.cdf(design @ theta)
    deviance, cells = _deviance(pairs, predicted, ordered=position)
    return Scale(
        model=model,
        prior=prior,
        conditions=pairs.conditions,
        jnd=basis @ theta[:places] / unit,
        covariance=basis @ covariance[:places, :places] @ basis.T / unit**2,
        df=df,
        estimator=estimator,
        position=float(theta[-1]) if position else None,
        position_se=float(np.sqrt(covariance[-1, -1])) if position else None,
        deviance=deviance,
        deviance_df=cells - len(theta),
        log_likelihood=float(_log_likelihood(pairs.wins, pairs.n, predicted).sum()),
        n_participants=pairs.n_participants,
        n_choices=pairs.n_choices,
        is_separated=is_separated,
    )


def _basis(count: int) -> Numbers:
    """Return an orthonormal basis of the places that sum to 0, shape (count, count - 1)."""
    upper = np.eye(count) - 1 / count
    return np.asarray(np.linalg.svd(upper)[0][:, : count - 1])


def _check(pairs: Pairs, prior: Prior) -> bool:
    """Return whether some conditions were never chosen over the others."""
    wins = pairs.matrix()
    parts, part = connected_components(wins + wins.T > 0, directed=False)
    groups = [[pairs.conditions[i] for i in np.flatnonzero(part == g)] for g in range(parts)]
    if parts > 1:
        raise DisconnectedError(groups)
    strong, component = connected_components(wins > 0, directed=True, connection="strong")
    if strong > 1 and prior == "none":
        raise SeparatedError([[pairs.conditions[i] for i in np.flatnonzero(component == g)] for g in range(strong)])
    return bool(strong > 1)


def _fit(link: Link, design: Numbers, pairs: Pairs, penalty: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Return the estimate, its information, shape (parameters, parameters), and each row's score, by Fisher scoring."""
    theta = np.zeros(design.shape[1])
    for _ in range(200):
        eta = design @ theta
        p, slope = np.clip(link.cdf(eta), 1e-15, 1 - 1e-15), link.pdf(eta)
        scores = design * ((pairs.wins - pairs.n * p) * slope / (p * (1 - p)))[:, None]
        information = (design * (pairs.n * slope**2 / (p * (1 - p)))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(information, scores.sum(0) - penalty * theta)
        theta = theta + step * min(1.0, 2.0 / max(1e-12, float(np.abs(step).max())))
        if np.abs(design @ theta).max() > FARTHEST:
            break
        if np.abs(step).max() < 1e-10:
            return theta, information, scores
    raise SeparatedError([list(pairs.conditions)])


def _covariance(information: Numbers, scores: Numbers, pairs: Pairs) -> tuple[Numbers, float, str]:
    bread = np.asarray(np.linalg.inv(information), np.float64)
    groups = pairs.n_participants
    if pairs.participants is None or groups < 2:
        return bread, np.inf, "inverse information (choices taken as independent)"
    sums = np.zeros((int(pairs.participants.max()) + 1, scores.shape[1]))
    np.add.at(sums, pairs.participants, scores)
    meat = groups / (groups - 1) * sums.T @ sums
    return bread @ meat @ bread, float(groups - 1), f"sandwich over {groups} participants, t({groups - 1})"


def _log_likelihood(wins: Numbers, n: Numbers, p: Numbers) -> Numbers:
    return np.asarray(xlogy(wins, p) + xlogy(n - wins, 1 - p))


def _deviance(pairs: Pairs, predicted: Numbers, *, ordered: bool) -> tuple[float, int]:
    """Return the deviance from rates of each pair's own, and how many pairs there are."""
    flip = (pairs.first > pairs.second) & (not ordered)
    low, high = np.where(flip, pairs.second, pairs.first), np.where(flip, pairs.first, pairs.second)
    cells, cell = np.unique(low * len(pairs.conditions) + high, return_inverse=True)
    wins = np.bincount(cell, weights=np.where(flip, pairs.n - pairs.wins, pairs.wins)).astype(np.float64)
    n = np.bincount(cell, weights=pairs.n).astype(np.float64)
    model = np.bincount(cell, weights=pairs.n * np.where(flip, 1 - predicted, predicted)) / n
    saturated = _log_likelihood(wins, n, wins / n).sum() - _log_likelihood(wins, n, model).sum()
    return float(2 * saturated), len(cells)

"""One psychometric function for a typical prompt (or person), and how far the others lie from it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from analysis.errors import LevelsError
from analysis.psychometric import fit
from analysis.scoring import Numbers
from analysis.thresholds import Options

NODES = 7
"""Quadrature nodes in each of the two directions, about each group's own mode."""

_MODE_ROUNDS, _MODE_STEP = 50, 1e-9
_TINY = 1e-12


@dataclass(frozen=True)
class Hierarchy:
    """A psychometric function whose intercept and slope vary between G groups like a bivariate normal.

    `threshold` is that of a typical group, with Fieller's interval [low, high]; NaN ends where the slope is not told
    from 0. `spread` is the standard deviation of groups' thresholds in t(x) (log x where the axis is logarithmic: 0.1
    is about 10 %). `groups` has group, n and the shrunken threshold of each.
    """

    threshold: float
    low: float
    high: float
    spread: float
    groups: pd.DataFrame
    log_likelihood: float
    log_likelihood_pooled: float
    lapse: float
    estimator: str


def hierarchy(trials: pd.DataFrame, by: str, options: Options) -> Hierarchy:
    """Fit all groups together: each group's predictor is (a + u) + (b + w) t(x), with (u, w) normal about 0.

    The interval is for new groups of the same kind. It knows nothing of whatever else repeats: with prompts as groups,
    the people are taken as given.

    Args:
        trials: Columns x, correct (0/1) and `by`.
        by: Column of the groups, at least 2.
        options: As of `thresholds`; a lapse that is not given is that of the pooled curve.

    Raises:
        LevelsError: If there are fewer than two levels, or fewer than two groups.

    Source:
        Moscatelli, Mezzetti and Lacquaniti (2012), Journal of Vision 12(11):26; adaptive quadrature: Pinheiro and Bates
        (1995), Journal of Computational and Graphical Statistics 4; interval: Fieller (1954), JRSS B 16.
    """
    x = np.sort(trials["x"].unique()).astype(np.float64)
    codes, names = pd.factorize(trials[by], sort=True)
    if len(x) < 2 or len(names) < 2:
        raise LevelsError([f"{value:g}" for value in x] if len(x) < 2 else [f"one group of {by}"])
    k, n = np.zeros((len(names), len(x))), np.zeros((len(names), len(x)))
    np.add.at(k, (codes, np.searchsorted(x, trials["x"])), trials["correct"].to_numpy(np.float64))
    np.add.at(n, (codes, np.searchsorted(x, trials["x"])), 1.0)
    o = options
    pooled = fit(x, k.sum(0)[None], n.sum(0), link=o.link, guess=o.guess, lapse=o.lapse, log_x=o.log_x)
    t = pooled.t(x)
    centre, scale = float(t.mean()), float(t.std())
    model = _Model((t - centre) / scale, k, n, o, float(pooled.lapse[0]))
    start = np.array([pooled.a[0] + pooled.b[0] * centre, pooled.b[0] * scale, 0.3, 0.0, 0.1])
    found = optimize.minimize(model.loss, start, method="BFGS", options={"gtol": 1e-5})
    eta = float(o.link.ppf(np.array((o.at - o.guess) / (1 - o.guess - model.lapse))))
    covariance = np.asarray(np.linalg.pinv(_hessian(model.loss, found.x)), np.float64)[:2, :2]
    ends = fieller(found.x[0] - eta, found.x[1], covariance, float(stats.norm.ppf((1 + o.level) / 2)))
    typical = (eta - found.x[0]) / found.x[1]
    deviations = model.modes(found.x)[0] @ _factor(found.x).T
    own = (eta - found.x[0] - deviations[:, 0]) / (found.x[1] + deviations[:, 1])
    wobble = _factor(found.x).T @ np.array([1.0, typical])

    def back(z: Numbers | float) -> Numbers:
        return np.exp(centre + scale * z) if o.log_x else np.asarray(centre + scale * z)

    return Hierarchy(
        threshold=float(back(typical)),
        low=float(back(ends[0])),
        high=float(back(ends[1])),
        spread=float(scale * np.sqrt(wobble @ wobble) / abs(found.x[1])),
        groups=pd.DataFrame({"group": names.astype(str), "n": n.sum(1).astype(np.int64), "threshold": back(own)}),
        log_likelihood=-float(found.fun),
        log_likelihood_pooled=float(pooled.log_likelihood(x, k.sum(0)[None], n.sum(0))[0]),
        lapse=model.lapse,
        estimator=f"{len(names)} groups of {by}, adaptive quadrature, Fieller's interval",
    )


def fieller(a: float, b: float, covariance: Numbers, z: float) -> tuple[float, float]:
    """Return the ends of the interval of -a / b; NaN where it is not an interval, as b is not told from 0.

    Args:
        a: Numerator.
        b: Denominator.
        covariance: Of (a, b), shape (2, 2).
        z: Normal quantile of the level.
    """
    v = z * z * covariance
    leading = b * b - v[1, 1]
    middle, last = a * b - v[0, 1], a * a - v[0, 0]
    inside = middle**2 - leading * last
    if leading <= 0 or inside < 0:
        return float("nan"), float("nan")
    root = np.sqrt(inside)
    return float((-middle - root) / leading), float((-middle + root) / leading)


@dataclass(frozen=True)
class _Model:
    """Data of G groups at standardised levels z (L,): k and n of shape (G, L).

    Parameters are a, b and the lower triangle of the factor of the groups' covariance; deviations are whitened, so
    that they are standard normal beforehand.
    """

    z: Numbers
    k: Numbers
    n: Numbers
    options: Options
    lapse: float

    def psi(self, parameters: Numbers, v: Numbers) -> tuple[Numbers, Numbers]:
        """Return psi and its derivative by the predictor, shape (..., L), for whitened deviations (..., 2)."""
        own = parameters[:2] + v @ _factor(parameters).T
        eta, o = own[..., :1] + own[..., 1:] * self.z, self.options
        span = 1 - o.guess - self.lapse
        return np.clip(o.guess + span * o.link.cdf(eta), _TINY, 1 - _TINY), span * o.link.pdf(eta)

    def modes(self, parameters: Numbers) -> tuple[Numbers, Numbers]:
        """Return each group's likeliest whitened deviation, shape (G, 2), and its precision, shape (G, 2, 2)."""
        design = np.column_stack([np.ones_like(self.z), self.z]) @ _factor(parameters)
        v = np.zeros((len(self.k), 2))
        for _ in range(_MODE_ROUNDS):
            psi, slope = self.psi(parameters, v)
            by_variance = slope / (psi * (1 - psi))
            gradient = ((self.k - self.n * psi) * by_variance) @ design - v
            precision = np.einsum("gl,li,lj->gij", self.n * slope * by_variance, design, design) + np.eye(2)
            step = np.linalg.solve(precision, gradient[..., None])[..., 0]
            step *= np.minimum(1, 2 / np.maximum(np.abs(step).max(axis=1, keepdims=True), _TINY))
            v += step
            if np.abs(step).max() < _MODE_STEP:
                break
        return v, precision

    def loss(self, parameters: Numbers) -> float:
        """Return the negative marginal log-likelihood, the deviations integrated out about their modes."""
        v, precision = self.modes(parameters)
        node, weight = np.polynomial.hermite_e.hermegauss(NODES)
        grid = np.stack(np.meshgrid(node, node), axis=-1).reshape(-1, 2)
        log_weight = np.log(np.outer(weight, weight).ravel()) + (grid**2).sum(axis=1) / 2
        spread = np.linalg.inv(np.linalg.cholesky(precision)).transpose(0, 2, 1)
        points = v[:, None] + grid @ spread.transpose(0, 2, 1)  # (G, nodes, 2)
        psi = self.psi(parameters, points)[0]
        k, n = self.k[:, None], self.n[:, None]
        log_joint = (k * np.log(psi) + (n - k) * np.log1p(-psi)).sum(axis=-1) - (points**2).sum(axis=-1) / 2
        log_area = np.linalg.slogdet(spread)[1] - np.log(2 * np.pi)
        return -float((special.logsumexp(log_joint + log_weight, axis=1) + log_area).sum())


def _factor(parameters: Numbers) -> Numbers:
    return np.array([[parameters[2], 0.0], [parameters[3], parameters[4]]])


def _hessian(loss: Callable[[Numbers], float], at: Numbers, step: float = 1e-3) -> Numbers:
    """Return second derivatives by central differences, shape (P, P)."""
    moves = step * np.eye(len(at))
    matrix = np.empty((len(at), len(at)))
    for i, up in enumerate(moves):
        for j, right in enumerate(moves[: i + 1]):
            corners = loss(at + up + right) - loss(at + up - right) - loss(at - up + right) + loss(at - up - right)
            matrix[i, j] = matrix[j, i] = corners / (4 * step * step)
    return matrix

"""Fisher scoring of many psychometric functions at once: a quick climb for most, a careful one for the rest.

Everything is in standardised levels z, so that a step of 1 means one spread of the levels; theta is (a, b, lapse).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.links import Link

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

LAPSE_MAX = 0.1
"""A lapse rate is looked for up to here; above it, people did another task."""

_LAPSES = (0.0, 0.02)  # where a search for the lapse sets out: there may be two hills
_TINY = 1e-12
_STEP = 1e-6  # below it a climb has arrived: the step after it is smaller by a factor of ten or more
_GAIN = 1e-9  # of log-likelihood: what a climb no longer cares for
_NEWTON_STEP = 1e-3  # the step after it is about its square
_FAST_ROUNDS, _CAREFUL_ROUNDS = 12, 300
_TRUSTED = 5.0  # a longer step has left the region where plain scoring can be trusted


@dataclass(frozen=True)
class Data:
    """S data sets: levels z, shape (L,) or (S, L); successes k and trials n, shape (S, L)."""

    z: Numbers
    k: Numbers
    n: Numbers
    link: Link
    guess: float

    def rows(self, which: Codes | slice) -> "Data":
        """Return some of the data sets."""
        z = self.z if self.z.ndim == 1 else self.z[which]
        return Data(z, self.k[which], self.n[which], self.link, self.guess)

    def predict(self, theta: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Return psi, its derivative by the predictor, and F, each of shape (S, L)."""
        eta = theta[:, :1] + theta[:, 1:2] * self.z
        span, f = 1 - self.guess - theta[:, 2:3], self.link.cdf(eta)
        return np.clip(self.guess + span * f, _TINY, 1 - _TINY), span * self.link.pdf(eta), f

    def log_likelihood(self, theta: Numbers) -> Numbers:
        """Return the log-likelihood without the binomial coefficient, shape (S,)."""
        psi = self.predict(theta)[0]
        return np.asarray((self.k * np.log(psi) + (self.n - self.k) * np.log1p(-psi)).sum(axis=1))


def climb(data: Data, lapse: float | None) -> tuple[Numbers, Flags]:
    """Return the most likely theta of each data set, shape (S, 3), and whether the climb arrived.

    Args:
        data: The data sets.
        lapse: Held at this; none to find it in [0, 0.1].
    """
    if lapse is None:
        return _better(data, *(_careful(data, climb(data, held)[0], free=True) for held in _LAPSES))
    theta, arrived = _fast(data, lapse)
    left = np.flatnonzero(~arrived)
    if len(left):
        part = data.rows(left)
        starts = (np.column_stack(np.broadcast_arrays(0.0, _sign(part), lapse)), _pooled_start(data, lapse)[None])
        climbs = (_careful(part, np.tile(at, (len(left) // len(at), 1)), free=False) for at in starts)
        theta[left], arrived[left] = _better(part, *climbs)
    return theta, arrived


def information(data: Data, theta: Numbers, *, free: bool) -> Numbers:
    """Return the expected information of theta, shape (S, 3, 3); 1 for a lapse that is held or sits on its bound."""
    return _normal_equations(data, theta, free=free, observed=False)[1]


def _better(data: Data, one: tuple[Numbers, Flags], other: tuple[Numbers, Flags]) -> tuple[Numbers, Flags]:
    """Return the likelier of two climbs for each data set: with guesses or lapses there may be two hills."""
    first = data.log_likelihood(one[0]) >= data.log_likelihood(other[0])
    return np.where(first[:, None], one[0], other[0]), np.where(first, one[1], other[1])


@np.errstate(over="ignore", divide="ignore", invalid="ignore")  # who gets lost is taken along for some rounds
def _fast(data: Data, lapse: float) -> tuple[Numbers, Flags]:
    """Take Newton's steps with the lapse held, from one common start; give up where they do not climb."""
    start = _pooled_start(data, lapse)
    theta = np.tile(start, (len(data.k), 1))
    theta[:, :2] += _step(data, start[None])  # all share one curve, so this one costs little
    arrived = np.zeros(len(theta), bool)
    rows, part, here = np.arange(len(theta)), data, theta.copy()
    for _ in range(_FAST_ROUNDS):
        step = _step(part, here)
        here[:, :2] += step
        size = np.abs(step).max(axis=1)
        theta[rows], arrived[rows] = here, size < _NEWTON_STEP
        on = (size >= _NEWTON_STEP) & (size < _TRUSTED)
        if 2 * on.sum() < len(on):  # until then, to leave some behind costs more than to take them along
            rows, part, here = rows[on], part.rows(np.flatnonzero(on)), here[on]
        if not len(rows):
            break
    return theta, arrived


def _step(data: Data, theta: Numbers) -> Numbers:
    """Return Newton's step of (a, b), shape (S, 2); scoring's where the log-likelihood is not a hilltop."""
    eta = theta[:, :1] + theta[:, 1:2] * data.z
    span = 1 - data.guess - theta[:, 2:3]
    psi, slope = data.link.cdf(eta), span * data.link.pdf(eta)
    psi = np.clip(data.guess + span * psi, _TINY, 1 - _TINY)
    v = slope / (psi * (1 - psi))
    residual, expected = (data.k - data.n * psi) * v, data.n * (slope * v)
    s = _sums(residual, data.z, 2)
    w = _sums(expected + residual * (v * (1 - 2 * psi) - data.link.bend(eta)), data.z, 3)
    determinant = w[0] * w[2] - w[1] * w[1]
    valley = np.flatnonzero(~((determinant > 0) & (w[0] > 0)))
    if len(valley):
        w[:, valley] = _sums(expected[valley], data.z if data.z.ndim == 1 else data.z[valley], 3)
        determinant = w[0] * w[2] - w[1] * w[1]
    step = np.stack([w[2] * s[0] - w[1] * s[1], w[0] * s[1] - w[1] * s[0]], axis=1) / determinant[:, None]
    return np.asarray(step, np.float64)


def _sums(values: Numbers, z: Numbers, count: int) -> Numbers:
    """Return sums over levels of values times 1, z, z^2 ..., shape (count, S)."""
    if z.ndim == 1:
        return np.asarray(np.vander(z, count, increasing=True).T @ values.T)
    return np.asarray(np.stack([(values * z**power).sum(axis=1) for power in range(count)]))


def _pooled_start(data: Data, lapse: float) -> Numbers:
    """Return a least-squares line through the predictors of the rates of all data sets together."""
    k, n = data.k.sum(axis=0), data.n.sum(axis=0)
    z = data.z if data.z.ndim == 1 else (data.z * data.n).sum(axis=0) / np.maximum(n, 1)
    share = ((k + 0.5) / (n + 1) - data.guess) / (1 - data.guess - lapse)
    eta, weight = data.link.ppf(np.clip(share, 0.01, 0.99)), n + _TINY
    centred = z - np.average(z, weights=weight)
    slope = (weight * centred * eta).sum() / max(_TINY, float((weight * centred**2).sum()))
    return np.array([np.average(eta - slope * z, weights=weight), slope, lapse])


def _sign(data: Data) -> Numbers:
    """Return whether each data set rises (1) or falls (-1) with its level, shape (S,)."""
    excess = data.k - data.n * (data.k.sum(axis=1) / np.maximum(data.n.sum(axis=1), 1))[:, None]
    return np.where((excess * data.z).sum(axis=1) < 0, -1.0, 1.0)


def _careful(data: Data, theta: Numbers, *, free: bool) -> tuple[Numbers, Flags]:
    """Climb by damped scoring, never downhill, the lapse within its bounds."""
    theta, arrived = theta.copy(), np.zeros(len(theta), bool)
    best, damping = data.log_likelihood(theta), np.full(len(theta), 1e-3)
    rows, part = np.arange(len(theta)), data
    for _ in range(_CAREFUL_ROUNDS):
        here = theta[rows]
        there = _damped(part, here, damping[rows], free)
        found = part.log_likelihood(there)
        gain = found - best[rows]
        better = gain >= 0
        theta[rows[better]], best[rows[better]] = there[better], found[better]
        damping[rows] *= np.where(better, 0.5, 8.0)
        small = (np.abs(there - here).max(axis=1) < _STEP) | (better & (gain < _GAIN))
        done = small | (damping[rows] > 1e10)
        arrived[rows[done]] = True
        if done.any():
            rows = rows[~done]
            part = data.rows(rows)
        if not len(rows):
            break
    return theta, arrived


def _damped(data: Data, theta: Numbers, damping: Numbers, free: bool) -> Numbers:
    """Return where a damped scoring step leads, the lapse kept within its bounds."""
    gradient, matrix = _normal_equations(data, theta, free=free, observed=True)
    diagonal = np.einsum("spp->sp", matrix)
    diagonal += damping[:, None] * diagonal + _TINY
    there = theta + np.linalg.solve(matrix, gradient[..., None])[..., 0]
    there[:, 2] = np.clip(there[:, 2], 0, LAPSE_MAX) if free else theta[:, 2]
    return np.asarray(there, np.float64)


def _normal_equations(data: Data, theta: Numbers, *, free: bool, observed: bool) -> tuple[Numbers, Numbers]:
    """Return gradient (S, 3) and information (S, 3, 3); a held lapse, or one that presses on its bound, stays put.

    The observed information is given only where it is positive, as on a hilltop; elsewhere the expected one.
    """
    psi, slope, f = data.predict(theta)
    jacobian = np.stack([slope, slope * data.z, -f], axis=1)  # (S, 3, L)
    variance = psi * (1 - psi)
    residual = (data.k - data.n * psi) / variance
    gradient = (jacobian @ residual[..., None])[..., 0]
    matrix = (jacobian * (data.n / variance)[:, None, :]) @ jacobian.transpose(0, 2, 1)
    held = ((theta[:, 2] <= 0) & (gradient[:, 2] <= 0)) | ((theta[:, 2] >= LAPSE_MAX) & (gradient[:, 2] >= 0))
    held |= not free
    if observed:
        bent = matrix + _bend(data, theta, jacobian, residual, (1 - 2 * psi) / variance)
        _hold(bent, held)
        hilltop = np.linalg.eigvalsh(bent)[:, 0] > 0
        matrix[hilltop] = bent[hilltop]
    gradient[held, 2] = 0
    _hold(matrix, held)
    return gradient, matrix


def _bend(data: Data, theta: Numbers, jacobian: Numbers, residual: Numbers, skew: Numbers) -> Numbers:
    """Return what the observed information has beyond the expected one, shape (S, 3, 3)."""
    bend = (jacobian * (residual * skew)[:, None, :]) @ jacobian.transpose(0, 2, 1)
    eta = theta[:, :1] + theta[:, 1:2] * data.z
    powers = np.stack([np.ones_like(eta), np.broadcast_to(data.z, eta.shape)], axis=1)
    curved = (powers * (residual * jacobian[:, 0] * data.link.bend(eta))[:, None, :]) @ powers.transpose(0, 2, 1)
    bend[:, :2, :2] -= curved
    crossed = (powers @ (residual * data.link.pdf(eta))[..., None])[..., 0]
    bend[:, 2, :2] += crossed
    bend[:, :2, 2] += crossed
    return np.asarray(bend, np.float64)


def _hold(matrix: Numbers, held: Flags) -> None:
    """Take the lapse out of the equations of those whose lapse is held."""
    matrix[held, 2, :] = matrix[held, :, 2] = 0
    matrix[held, 2, 2] = 1

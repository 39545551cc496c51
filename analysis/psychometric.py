"""Psychometric functions: thousands of them fitted at once, psi(x) = guess + (1 - guess - lapse) F(a + b t(x))."""

from dataclasses import dataclass

import numpy as np
from scipy.special import xlog1py, xlogy

from analysis.links import PROBIT, Link
from analysis.scoring import Data, Flags, Numbers, climb, information

BLOCK = 2048
"""Data sets in one go: as many as stay in a processor's own memory."""


@dataclass(frozen=True)
class Curves:
    """S fitted psychometric functions.

    t(x) is x, or its natural logarithm where `log_x`. `a`, `b` and `lapse` have shape (S,); `lapse_fitted` says whether
    the lapse was estimated or given. `converged` is false where the climb to the most likely curve did not arrive.
    """

    link: Link
    log_x: bool
    guess: float
    a: Numbers
    b: Numbers
    lapse: Numbers
    lapse_fitted: bool
    converged: Flags

    def psi(self, x: Numbers) -> Numbers:
        """Return the probability at each level, shape (S, L), for levels of shape (L,) or (S, L)."""
        span = 1 - self.guess - self.lapse[:, None]
        return np.asarray(self.guess + span * self.link.cdf(self.a[:, None] + self.b[:, None] * self.t(x)))

    def t(self, x: Numbers) -> Numbers:
        """Return levels as F's line sees them: x or log x."""
        return np.log(x) if self.log_x else np.asarray(x, np.float64)

    def threshold(self, level: float = 0.75, *, of_psi: bool = True) -> Numbers:
        """Return the x at which psi, or F alone, reaches `level`, shape (S,); NaN where it never does.

        Args:
            level: A probability in (0, 1).
            of_psi: Whether it is psi's level (with guesses and lapses) or that of the sigmoid F underneath.
        """
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # a flat curve's threshold is infinite
            t = (self._eta(level, of_psi) - self.a) / self.b
            return np.exp(t) if self.log_x else np.asarray(t)

    def threshold_se(self, x: Numbers, n: Numbers, level: float = 0.75, *, of_psi: bool = True) -> Numbers:
        """Return the standard error of `threshold` for trials n at levels x by the delta method, shape (S,).

        The level's place on F is taken as known, even where the lapse was fitted.
        """
        v = self.covariance(x, n)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            t = (self._eta(level, of_psi) - self.a) / self.b
            se = np.sqrt(v[:, 0, 0] + 2 * t * v[:, 0, 1] + t * t * v[:, 1, 1]) / np.abs(self.b)
            return np.asarray(se * np.exp(t) if self.log_x else se)

    def width(self) -> Numbers:
        """Return the distance in t(x) over which F goes from 5 to 95 %, shape (S,), never negative."""
        low, high = self.link.ppf(np.array([0.05, 0.95]))
        with np.errstate(divide="ignore"):
            return np.asarray((high - low) / np.abs(self.b))

    def covariance(self, x: Numbers, n: Numbers) -> Numbers:
        """Return the inverse expected information of (a, b), shape (S, 2, 2); NaN where the levels do not inform both.

        Args:
            x: Levels, shape (L,) or (S, L).
            n: Trials, shape (L,) or (S, L).
        """
        theta = np.column_stack([self.a, self.b, self.lapse])
        n = np.broadcast_to(np.asarray(n, np.float64), (len(theta), np.shape(x)[-1]))
        data = Data(self.t(x), np.zeros_like(n), n, self.link, self.guess)
        matrix = information(data, theta, free=self.lapse_fitted)
        scale = np.sqrt(np.einsum("spp->sp", matrix))
        with np.errstate(divide="ignore", invalid="ignore"):
            even = matrix / (scale[:, :, None] * scale[:, None, :])  # x may be in any unit
        informed = np.isfinite(even).all(axis=(1, 2))
        informed[informed] = np.linalg.cond(even[informed]) < 1e12
        covariance = np.full((len(theta), 2, 2), np.nan)
        pair = scale[informed, :2]
        covariance[informed] = np.linalg.inv(even[informed])[:, :2, :2] / (pair[:, :, None] * pair[:, None, :])
        return covariance

    def log_likelihood(self, x: Numbers, k: Numbers, n: Numbers) -> Numbers:
        """Return the log-likelihood without the binomial coefficient, shape (S,)."""
        p = self.psi(x)
        return np.asarray((xlogy(k, p) + xlog1py(n - k, -p)).sum(axis=1))

    def deviance(self, x: Numbers, k: Numbers, n: Numbers) -> Numbers:
        """Return the deviance from a model with each level's own rate, shape (S,)."""
        own = k / np.maximum(n, 1)
        return np.asarray(2 * ((xlogy(k, own) + xlog1py(n - k, -own)).sum(axis=1) - self.log_likelihood(x, k, n)))

    def _eta(self, level: float, of_psi: bool) -> Numbers:
        share = (level - self.guess) / (1 - self.guess - self.lapse) if of_psi else np.full(self.a.shape, level)
        return self.link.ppf(np.where((share > 0) & (share < 1), share, np.nan))


def fit(
    x: Numbers,
    k: Numbers,
    n: Numbers,
    *,
    link: Link = PROBIT,
    guess: float = 0.5,
    lapse: float | None = 0.0,
    log_x: bool = False,
) -> Curves:
    """Fit S data sets at once by maximum likelihood.

    Args:
        x: Levels, shape (L,) if all data sets share them, else (S, L); positive where `log_x`.
        k: Successes, shape (S, L), from 0 to n.
        n: Trials, shape (L,) or (S, L); 0 where a level was not shown.
        link: The sigmoid F.
        guess: Rate of success of somebody who sees nothing, in [0, 1): 0.5 for a choice of two with a right answer.
        lapse: Rate of failure of somebody who sees everything, in [0, 1 - guess); none to fit it in [0, 0.1].
        log_x: Whether F acts on log x.

    Source:
        Wichmann and Hill (2001), Perception & Psychophysics 63; Fisher scoring: McCullagh and Nelder (1989), 2.5.
    """
    t = np.log(x) if log_x else np.asarray(x, np.float64)
    k, n = np.asarray(k, np.float64), np.broadcast_to(np.asarray(n, np.float64), np.shape(k))
    centre, spread = float(t.mean()), float(t.std()) or 1.0
    data = Data((t - centre) / spread, k, n, link, guess)
    blocks = [climb(data.rows(slice(i, i + BLOCK)), lapse) for i in range(0, len(k), BLOCK)]
    theta, converged = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    a, b = theta[:, 0] - theta[:, 1] * centre / spread, theta[:, 1] / spread
    return Curves(link, log_x, guess, a, b, theta[:, 2], lapse is None, converged)

"""Do answers at one level scatter more than chance allows? A psychometric function with beta-binomial answers."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from analysis.psychometric import Curves
from analysis.scoring import Numbers

ETA_MAX = 0.95
_LEAST = 1e-4  # below it the beta-binomial is the binomial


@dataclass(frozen=True)
class Dispersion:
    """How much blocks of trials differ beyond chance.

    `eta` is in [0, 1]: 0 is binomial, 1 all or nothing in each block; eta^2 is the correlation of two answers of one
    block. `threshold` is the curve's under this model, in x. `p` is that of the likelihood-ratio test against eta = 0
    (half chi-square, as eta cannot be negative); NaN where no block has two trials.
    """

    eta: float
    threshold: float
    ratio: float
    p: float


def dispersion(curve: Curves, x: Numbers, k: Numbers, n: Numbers, at: float = 0.75) -> Dispersion:
    """Fit (a, b, eta) to blocks of trials, the lapse held at the curve's.

    Args:
        curve: The binomial fit, S = 1.
        x: Levels, shape (L,).
        k: Successes of each block (a participant's, a session's) at each level, shape (blocks, L).
        n: Trials, shape (blocks, L).
        at: psi at the threshold.

    Source:
        Schuett, Harmeling, Macke and Wichmann (2016), Vision Research 122.
    """
    t = curve.t(x)
    centre, scale = float(t.mean()), float(t.std()) or 1.0
    z, counted = (t - centre) / scale, n > 1
    span = 1 - curve.guess - curve.lapse[0]

    def loss(parameters: Numbers, eta: float) -> float:
        psi = np.clip(curve.guess + span * curve.link.cdf(parameters[0] + parameters[1] * z), 1e-9, 1 - 1e-9)
        return -_log_likelihood(k, n, psi, eta)

    start = np.array([curve.a[0] + curve.b[0] * centre, curve.b[0] * scale])
    if not counted.any():
        return Dispersion(float("nan"), float(curve.threshold(at)[0]), float("nan"), float("nan"))
    bounds = [(None, None), (None, None), (_LEAST, ETA_MAX)]
    found = min(
        (
            optimize.minimize(lambda p: loss(p[:2], p[2]), [*start, eta], method="L-BFGS-B", bounds=bounds)
            for eta in (0.02, 0.2)
        ),
        key=lambda result: float(result.fun),
    )
    ratio = max(0.0, 2 * (loss(start, 0.0) - float(found.fun)))
    share = (at - curve.guess) / span
    eta = float(curve.link.ppf(np.array(share))) if 0 < share < 1 else np.nan
    t_at = centre + scale * (eta - found.x[0]) / found.x[1]
    value = float(np.exp(t_at) if curve.log_x else t_at)
    return Dispersion(float(found.x[2]), value, ratio, float(0.5 * stats.chi2.sf(ratio, 1)) if ratio > 0 else 0.5)


def _log_likelihood(k: Numbers, n: Numbers, psi: Numbers, eta: float) -> float:
    psi = np.broadcast_to(psi, k.shape)
    if eta < _LEAST:
        return float(stats.binom.logpmf(k, n, psi).sum())
    precision = 1 / eta**2 - 1
    return float(stats.betabinom.logpmf(k, n, psi * precision, (1 - psi) * precision).sum())

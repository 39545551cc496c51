"""The binomial log-likelihood of a linear predictor, with its first three derivatives, under two links."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln, log_ndtr, ndtr

Numbers = NDArray[np.float64]
Link = Literal["logit", "probit"]
HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Likelihood:
    """Log-likelihood of each observation and its derivatives by the linear predictor, each of shape (observations,).

    `weight` is minus the second derivative: the observed information, which is positive under both links.
    """

    value: Numbers
    first: Numbers
    weight: Numbers
    third: Numbers


def likelihood(link: Link, successes: Numbers, trials: Numbers, predictor: Numbers) -> Likelihood:
    """Return the log-likelihood of `successes` among `trials`, without the binomial coefficient.

    Args:
        link: 'logit' or 'probit'.
        successes: Shape (observations,); need not be whole (a tie may count one half).
        trials: Shape (observations,).
        predictor: Linear predictor, shape (observations,).
    """
    return (_logit if link == "logit" else _probit)(successes, trials, predictor)


def log_coefficients(successes: Numbers, trials: Numbers) -> float:
    """Return the sum of the logs of the binomial coefficients; 0 for single answers."""
    return float((gammaln(trials + 1) - gammaln(successes + 1) - gammaln(trials - successes + 1)).sum())


def inverse(link: Link, predictor: Numbers) -> Numbers:
    """Return the probability that a linear predictor stands for."""
    return np.asarray(expit(predictor) if link == "logit" else ndtr(predictor), dtype=np.float64)


def _logit(successes: Numbers, trials: Numbers, predictor: Numbers) -> Likelihood:
    p = expit(predictor)
    weight = trials * p * (1 - p)
    value = successes * predictor - trials * np.logaddexp(0, predictor)
    return Likelihood(value, successes - trials * p, weight, -weight * (1 - 2 * p))


def _probit(successes: Numbers, trials: Numbers, predictor: Numbers) -> Likelihood:
    up, down = _log_normal(predictor), _log_normal(-predictor)
    failures = trials - successes
    return Likelihood(
        value=successes * up.value + failures * down.value,
        first=successes * up.first - failures * down.first,
        weight=successes * up.weight + failures * down.weight,
        third=successes * up.third - failures * down.third,
    )


def _log_normal(x: Numbers) -> Likelihood:
    """Return the log of the normal distribution function with its derivatives."""
    value = log_ndtr(x)
    ratio = np.exp(-0.5 * x**2 - HALF_LOG_2PI - value)  # inverse Mills ratio
    weight = ratio * (x + ratio)
    return Likelihood(value, ratio, weight, weight * (x + 2 * ratio) - ratio)

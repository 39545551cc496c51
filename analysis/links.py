"""From a linear predictor to a probability and back: the three sigmoids that choices are modelled with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Numbers = NDArray[np.float64]
Map = Callable[[Numbers], Numbers]

_ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True)
class Link:
    """A sigmoid F: `cdf` is F, `pdf` its derivative, `ppf` its inverse; each maps arrays of any shape.

    `bend` is the second derivative over the first.
    `jnd` is the predictor at which F is 0.75, the size of one just noticeable difference where F(0) is one half.
    """

    name: str
    cdf: Map
    pdf: Map
    ppf: Map
    bend: Map

    @property
    def jnd(self) -> float:
        """F's predictor at 75 %: 0.6745 for probit, 1.0986 for logit."""
        return float(self.ppf(np.array(0.75)))


def _normal_pdf(eta: Numbers) -> Numbers:
    return np.asarray(np.exp(-0.5 * eta * eta) / _ROOT_TWO_PI)


def _normal_bend(eta: Numbers) -> Numbers:
    return -eta


def _logistic_pdf(eta: Numbers) -> Numbers:
    p: Numbers = special.expit(eta)
    return p * (1 - p)


def _logistic_bend(eta: Numbers) -> Numbers:
    return np.asarray(-np.tanh(eta / 2))


def _weibull_cdf(eta: Numbers) -> Numbers:
    return np.asarray(-np.expm1(-np.exp(np.minimum(eta, 30.0))))  # above 30 it is 1 in double precision


def _weibull_pdf(eta: Numbers) -> Numbers:
    capped = np.minimum(eta, 30.0)
    return np.asarray(np.exp(capped - np.exp(capped)))


def _weibull_bend(eta: Numbers) -> Numbers:
    return np.asarray(-np.expm1(np.minimum(eta, 30.0)))


def _weibull_ppf(p: Numbers) -> Numbers:
    return np.asarray(np.log(-np.log1p(-p)))


PROBIT = Link("probit", special.ndtr, _normal_pdf, special.ndtri, _normal_bend)
"""Cumulative normal: Thurstone's case V."""

LOGIT = Link("logit", special.expit, _logistic_pdf, special.logit, _logistic_bend)
"""Logistic: Bradley and Terry's model."""

WEIBULL = Link("weibull", _weibull_cdf, _weibull_pdf, _weibull_ppf, _weibull_bend)
"""1 - exp(-exp(eta)): Weibull's function of x where eta is linear in log x, Gumbel's where it is linear in x."""

LINKS = {link.name: link for link in (PROBIT, LOGIT, WEIBULL)}

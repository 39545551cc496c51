"""Psychometric functions: equal to published software, many as one, honest where data say nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from analysis.dispersion import dispersion
from analysis.links import LINKS, LOGIT, PROBIT, WEIBULL
from analysis.psychometric import BLOCK, fit

Find = Callable[[str], Path]
Numbers = NDArray[np.float64]

LEVELS = np.array([2.0, 3, 5, 9, 17, 33])
QUICKPSY = {  # quickpsy 0.2.0 (R): threshold at 50 %, SD, deviance on 6 degrees of freedom
    "threshold": [-70.2151, -121.0557, -92.5347, -130.2689, -81.3728, -124.6208],
    "sd": [78.479, 61.719, 67.178, 66.134, 69.246, 78.898],
    "deviance": [31.636, 14.128, 10.494, 16.433, 6.991, 6.424],
}


def quickpsy(path: Path) -> tuple[Numbers, Numbers, Numbers]:
    """Return levels, successes and trials of three people in two conditions."""
    cells = pd.read_csv(path).groupby(["participant", "cond", "phase"])["resp"].agg(["sum", "count"]).unstack()
    return cells["sum"].columns.to_numpy(np.float64), *(cells[c].to_numpy(np.float64) for c in ("sum", "count"))


def psignifit(path: Path) -> tuple[Numbers, Numbers, Numbers]:
    """Return levels, successes and trials of psignifit's demonstration."""
    frame = pd.read_csv(path)
    return frame["level"].to_numpy(), frame[["n_correct"]].to_numpy(np.float64).T, frame["n_trials"].to_numpy()


def drawn(rng: np.random.Generator, count: int, n: int = 60, *, lapse: float = 0.0) -> Numbers:
    """Return answers of `count` observers whose threshold is 9 steps (log axis, falling)."""
    psi = 0.5 + (0.5 - lapse) * PROBIT.cdf(-(np.log(LEVELS) - np.log(9)) / 0.6)
    return rng.binomial(n, psi, size=(count, len(LEVELS))).astype(np.float64)


def test_thresholds_equal_quickpsy(published: Find) -> None:
    """Six curves of Linares and Lopez-Moliner: thresholds, widths and deviances."""
    x, k, n = quickpsy(published("quickpsy_qpdat.csv"))
    curves = fit(x, k, n, guess=0)

    assert np.allclose(curves.threshold(0.5), QUICKPSY["threshold"], atol=0.05)
    assert np.allclose(1 / curves.b, QUICKPSY["sd"], atol=0.05)
    assert np.allclose(curves.deviance(x, k, n), QUICKPSY["deviance"], atol=1e-3)
    assert curves.converged.all()


def test_the_demonstration_equals_psignifit(published: Find) -> None:
    """Threshold .00464485 and width .00468384 (Matlab) within the prior's pull, no lapses, no overdispersion."""
    x, k, n = psignifit(published("psignifit_demo.csv"))
    curve = fit(x, k, n, lapse=None)

    assert abs(curve.threshold(0.5, of_psi=False)[0] - 0.00464485) < 1e-5
    assert abs(curve.width()[0] - 0.00468384) < 5e-5
    assert curve.lapse[0] == 0
    assert dispersion(curve, x, k, np.broadcast_to(n, k.shape)).eta < 0.02


def test_it_equals_statsmodels() -> None:
    """Without guesses and lapses a fit is a probit regression, coefficient, error and deviance."""
    k = np.array([[1.0, 4, 9, 14, 17, 20]])
    n = np.full(6, 20.0)
    curve = fit(LEVELS, k, n, guess=0, log_x=True)
    probit = sm.families.Binomial(sm.families.links.Probit())
    glm = sm.GLM(np.column_stack([k[0], n - k[0]]), sm.add_constant(np.log(LEVELS)), probit).fit(tol=1e-12)

    assert np.allclose([curve.a[0], curve.b[0]], glm.params, atol=1e-6)
    assert np.allclose(curve.covariance(LEVELS, n)[0], glm.cov_params(), rtol=1e-4)
    assert np.isclose(curve.deviance(LEVELS, k, n)[0], glm.deviance)


@pytest.mark.parametrize("link", LINKS.values(), ids=list(LINKS))
@pytest.mark.parametrize("lapse", [0.0, 0.03, None])
def test_many_are_fitted_as_one(rng: np.random.Generator, link: object, lapse: float | None) -> None:
    """A data set's curve does not depend on its neighbours, nor on the block that it falls in."""
    k, n = drawn(rng, 40), np.full(6, 60.0)
    together = fit(LEVELS, k, n, link=link, lapse=lapse, log_x=True)  # type: ignore[arg-type]  # LINKS' values
    alone = fit(LEVELS, k[7:8], n, link=link, lapse=lapse, log_x=True)  # type: ignore[arg-type]  # likewise

    likelihoods = (together.log_likelihood(LEVELS, k, n)[7], alone.log_likelihood(LEVELS, k[7:8], n)[0])
    assert abs(likelihoods[0] - likelihoods[1]) < 1e-6


def test_blocks_leave_no_seam(rng: np.random.Generator) -> None:
    """More data sets than one block holds are all fitted, in order."""
    k, n = drawn(rng, BLOCK + 3), np.full(6, 60.0)
    curves = fit(LEVELS, k, n, log_x=True)
    last = fit(LEVELS, k[-2:], n, log_x=True)

    assert curves.a.shape == (BLOCK + 3,)
    assert np.allclose(curves.threshold()[-2:], last.threshold(), rtol=1e-5)


def test_levels_may_differ(rng: np.random.Generator) -> None:
    """Data sets with levels of their own, and levels without trials, are fitted as by themselves."""
    k, n = drawn(rng, 2), np.full((2, 6), 60.0)
    n[1, 0] = k[1, 0] = 0
    x = np.stack([LEVELS, 2 * LEVELS])
    both = fit(x, k, n, log_x=True)
    own = fit(2 * LEVELS[1:], k[1:, 1:], n[1, 1:], log_x=True)

    assert np.isclose(both.threshold()[1], own.threshold()[0], rtol=1e-6)


def test_thresholds_are_recovered(rng: np.random.Generator) -> None:
    """Bias of the log threshold below 2 % of the width, and its standard error is right, over 2,000 observers."""
    n = np.full(6, 60.0)
    curves = fit(LEVELS, drawn(rng, 2000), n, log_x=True)
    log_threshold = np.log(curves.threshold())
    width = 0.6 * (PROBIT.ppf(np.array(0.95)) - PROBIT.ppf(np.array(0.05)))

    assert abs(np.median(log_threshold) - np.log(9)) < 0.02 * width
    se = np.median(curves.threshold_se(LEVELS, n) / curves.threshold())
    assert 0.9 < se / (np.subtract(*np.percentile(log_threshold, [75, 25])) / 1.349) < 1.1


@pytest.mark.parametrize("lapse", [0.0, 0.02, 0.05])
def test_lapses_are_recovered(rng: np.random.Generator, lapse: float) -> None:
    """A fitted lapse is right on average where there are easy levels, and never leaves [0, 0.1]."""
    levels = np.array([0.5, 0.7, 1, 2, 5, 9, 17, 33])
    psi = 0.5 + (0.5 - lapse) * PROBIT.cdf(-(np.log(levels) - np.log(9)) / 0.6)
    k = rng.binomial(200, psi, size=(300, 8)).astype(np.float64)
    curves = fit(levels, k, np.full(8, 200.0), lapse=None, log_x=True)

    assert abs(curves.lapse.mean() - lapse) < 0.005
    assert ((curves.lapse >= 0) & (curves.lapse <= 0.1)).all()


def test_a_fitted_lapse_is_never_worse(rng: np.random.Generator) -> None:
    """One parameter more cannot lower the likelihood."""
    k, n = drawn(rng, 500, 20, lapse=0.04), np.full(6, 20.0)
    held, free = (fit(LEVELS, k, n, lapse=lapse, log_x=True) for lapse in (0.02, None))

    assert (free.log_likelihood(LEVELS, k, n) - held.log_likelihood(LEVELS, k, n)).min() > -1e-6
    assert free.converged.mean() > 0.99


def test_two_thresholds_have_two_names() -> None:
    """Psi at 75 % and F at 50 % coincide without lapses, and not with them; what psi never reaches is NaN."""
    k, n = np.array([[59.0, 57, 48, 40, 33, 30]]), np.full(6, 60.0)
    sure, lapsing = (fit(LEVELS, k, n, lapse=lapse, log_x=True) for lapse in (0.0, 0.05))

    assert np.isclose(sure.threshold(0.75)[0], sure.threshold(0.5, of_psi=False)[0])
    assert lapsing.threshold(0.75)[0] < lapsing.threshold(0.5, of_psi=False)[0]
    assert np.isnan(lapsing.threshold(0.97)[0])
    assert np.isnan(sure.threshold(0.4)[0])


def test_weibull_is_weibull() -> None:
    """On a logarithmic axis, 1 - exp(-(x / alpha)^beta)."""
    alpha, beta = 9.0, 2.0
    n = np.full(6, 1e6)
    k = n * (0.5 + 0.5 * (1 - np.exp(-((LEVELS / alpha) ** beta))))
    curve = fit(LEVELS, k[None], n, link=WEIBULL, log_x=True)

    assert np.isclose(curve.b[0], beta, rtol=1e-5)
    assert np.isclose(np.exp(-curve.a[0] / curve.b[0]), alpha, rtol=1e-5)


@pytest.mark.parametrize("k", [[20.0] * 6, [10.0] * 6, [20, 20, 20, 0, 0, 0]])
def test_hopeless_data_raise_no_warning(k: list[float]) -> None:
    """All right, all alike, and a perfect jump: a result of the right shape, no overflow, no crash."""
    n = np.full(6, 20.0)
    curve = fit(LEVELS, np.array([k]), n, guess=0, link=LOGIT, lapse=None)

    assert curve.threshold().shape == (1,)
    assert curve.covariance(LEVELS, n).shape == (1, 2, 2)
    assert curve.threshold_se(LEVELS, n).shape == (1,)


def test_overdispersion_is_seen(rng: np.random.Generator) -> None:
    """Blocks whose rates differ (eta 0.3) are told from binomial ones."""
    psi = 0.5 + 0.5 * PROBIT.cdf(-(np.log(LEVELS) - np.log(9)) / 0.6)
    precision = 1 / 0.3**2 - 1
    rates = rng.beta(np.maximum(psi * precision, 1e-3), np.maximum((1 - psi) * precision, 1e-3), size=(30, 6))
    n = np.full((30, 6), 12.0)
    for k, wide in ((rng.binomial(12, rates), True), (rng.binomial(12, np.tile(psi, (30, 1))), False)):
        curve = fit(LEVELS, k.sum(axis=0)[None].astype(np.float64), n.sum(axis=0), log_x=True)
        found = dispersion(curve, LEVELS, k.astype(np.float64), n)
        assert (found.p < 1e-6) == wide
        assert (abs(found.eta - 0.3) < 0.06) if wide else (found.eta < 0.15)


def test_single_answers_tell_no_dispersion() -> None:
    """Where no block has two trials, eta is not estimable."""
    curve = fit(LEVELS, np.array([[20.0, 19, 17, 14, 12, 10]]), np.full(6, 20.0), log_x=True)

    assert np.isnan(dispersion(curve, LEVELS, np.ones((20, 6)), np.ones((20, 6))).eta)

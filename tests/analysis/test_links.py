"""Sigmoids: each inverse inverts, each derivative is the slope."""

import numpy as np
import pytest

from analysis.links import LINKS, LOGIT, PROBIT, Link

ETA = np.linspace(-3, 1.5, 19)


@pytest.mark.parametrize("link", LINKS.values(), ids=list(LINKS))
def test_the_inverse_inverts(link: Link) -> None:
    """ppf(cdf(eta)) is eta."""
    assert np.allclose(link.ppf(link.cdf(ETA)), ETA)


@pytest.mark.parametrize("link", LINKS.values(), ids=list(LINKS))
def test_the_derivative_is_the_slope(link: Link) -> None:
    """The pdf agrees with a central difference of cdf."""
    step = 1e-6

    assert np.allclose((link.cdf(ETA + step) - link.cdf(ETA - step)) / (2 * step), link.pdf(ETA), atol=1e-8)


@pytest.mark.parametrize("link", LINKS.values(), ids=list(LINKS))
def test_far_away_it_is_zero_or_one(link: Link) -> None:
    """No overflow, no NaN, at predictors of 1000."""
    assert link.cdf(np.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]
    assert link.pdf(np.array([-1000.0, 1000.0])).tolist() == [0.0, 0.0]


def test_one_jnd_is_three_quarters() -> None:
    """0.6745 standard deviations, or the logarithm of 3."""
    assert (round(PROBIT.jnd, 5), round(LOGIT.jnd, 5)) == (0.67449, round(float(np.log(3)), 5))

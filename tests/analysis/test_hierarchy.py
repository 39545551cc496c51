"""The hierarchical curve: its integral is exact, its spread is recovered, its interval is Fieller's."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from analysis.errors import LevelsError
from analysis.hierarchy import _Model, fieller, hierarchy
from analysis.thresholds import Options

LEVELS = np.array([3.0, 5, 9, 17, 33])


def trials(rng: np.random.Generator, groups: int, spread: float, n: int = 30) -> pd.DataFrame:
    """Return answers about prompts whose log thresholds differ with this standard deviation about that of 9 steps."""
    parts = []
    for group in range(groups):
        own = np.log(9) + spread * rng.standard_normal()
        x = np.repeat(LEVELS, n)
        correct = (rng.random(len(x)) < 0.5 + 0.5 * ndtr(-(np.log(x) - own) / 0.5)).astype(int)
        parts.append(pd.DataFrame({"prompt": f"a {group:03}", "x": x, "correct": correct}))
    return pd.concat(parts, ignore_index=True)


def test_the_integral_is_exact() -> None:
    """The marginal likelihood of two groups equals numerical integration over the plane."""
    z = np.array([-1.0, 0.0, 1.0])
    k, n = np.array([[9.0, 7, 5], [10, 9, 8]]), np.full((2, 3), 10.0)
    model = _Model(z, k, n, Options(), 0.02)
    parameters = np.array([0.2, -0.9, 0.7, -0.2, 0.4])
    factor = np.array([[0.7, 0.0], [-0.2, 0.4]])
    node, weight = np.polynomial.hermite_e.hermegauss(90)  # a fixed rule, fine enough to be exact
    first, second = (grid.ravel() for grid in np.meshgrid(node, node))
    a, b = np.array([[0.2], [-0.9]]) + factor @ np.stack([first, second])
    psi = 0.5 + 0.48 * ndtr(a[:, None] + b[:, None] * z)
    area = np.outer(weight, weight).ravel() / (2 * np.pi)
    each = [(np.prod(psi**own * (1 - psi) ** (m - own), axis=1) * area).sum() for own, m in zip(k, n, strict=True)]
    total = float(np.log(each).sum())

    assert abs(-model.loss(parameters) - total) < 2e-4


def test_typical_threshold_and_spread_are_recovered(rng: np.random.Generator) -> None:
    """60 prompts: 9 steps inside the interval, the spread of 0.4 within a fifth, shrunken thresholds in between."""
    frame = trials(rng, 60, 0.4)
    found = hierarchy(frame, "prompt", Options(lapse=0.0))

    assert found.low < 9 < found.high
    assert abs(found.spread - 0.4) < 0.08
    assert found.log_likelihood > found.log_likelihood_pooled + 10
    assert 0.2 < np.log(found.groups["threshold"]).std() < 0.5


def test_equal_prompts_have_no_spread(rng: np.random.Generator) -> None:
    """Where prompts do not differ, the spread is near 0 and little is gained over one pooled curve."""
    found = hierarchy(trials(rng, 20, 0.0), "prompt", Options(lapse=0.0))

    assert found.spread < 0.12
    assert found.log_likelihood - found.log_likelihood_pooled < 3


def test_fieller_against_simulation(rng: np.random.Generator) -> None:
    """About 95 % of intervals hold -a / b; where b is not told from 0 there is no interval."""
    covariance = np.array([[0.04, 0.01], [0.01, 0.05]])
    draws = rng.multivariate_normal([1.0, -1.0], covariance, size=4000)
    ends = np.array([fieller(a, b, covariance, 1.959964) for a, b in draws])

    inside = (ends[:, 0] < 1) & (ends[:, 1] > 1)
    assert 0.935 < inside[np.isfinite(ends[:, 0])].mean() < 0.965
    assert np.isnan(fieller(1.0, 0.1, covariance, 1.96)).all()


def test_one_group_is_no_hierarchy(rng: np.random.Generator) -> None:
    """One prompt tells nothing of others."""
    with pytest.raises(LevelsError, match="one group of prompt"):
        hierarchy(trials(rng, 1, 0.0), "prompt", Options())

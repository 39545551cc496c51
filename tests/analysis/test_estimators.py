"""One rate by every estimator, heterogeneity, the bootstrap and reliability: published numbers and known cases."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.bootstrap import pigeonhole
from analysis.estimators import COLUMNS, estimators, rate_model
from analysis.heterogeneity import betabinomial, overdispersion, shrink
from analysis.plan import AnalysisPlan
from analysis.rates import per_group
from analysis.reliability import krippendorff, reliability, split_halves
from analysis.specification import specifications
from analysis.validate_rates import GLOBAL, OPTIMIZER, dynavect
from stimuli.manifest import Manifest

DATA = Path(os.environ.get("BF_VALIDATION_DATA", Path(__file__).parents[3] / "shared" / "data")) / "dynavect_long.csv"


def real(baseline: str) -> pd.DataFrame:
    """Return the trials of the real study against one baseline, or skip."""
    if not DATA.is_file():
        pytest.skip(f"no validation data at {DATA}; name its folder in BF_VALIDATION_DATA")
    return dynavect(DATA, baseline)


@pytest.mark.parametrize(
    ("baseline", "mu", "gamma", "mu_se", "gamma_se", "ratio"),
    [
        (OPTIMIZER, 0.58557, 0.07325, 0.02143, 0.01850, 54.354),
        (GLOBAL, 0.59917, 0.11772, 0.02529, 0.02573, 96.278),
    ],
)
def test_beta_binomial_is_sensrs(
    baseline: str, mu: float, gamma: float, mu_se: float, gamma_se: float, ratio: float
) -> None:
    """The real study gives the estimates, errors and likelihood ratio of the R package sensR."""
    people = per_group(real(baseline))
    found = betabinomial(people["selected"].to_numpy(float), people["n"].to_numpy(float))

    assert (found.mu, found.gamma) == pytest.approx((mu, gamma), abs=2e-5)
    assert (found.mu_se, found.gamma_se) == pytest.approx((mu_se, gamma_se), abs=2e-5)
    assert found.likelihood_ratio == pytest.approx(ratio, abs=2e-3)


def test_people_who_do_not_differ_are_at_the_boundary() -> None:
    """Equal counts have no overdispersion: gamma is 0, the test says nothing, shrinking gives the mean."""
    selected, n = np.full(10, 6.0), np.full(10, 10.0)
    found = betabinomial(selected, n)

    assert (found.gamma, found.p_value) == (0.0, 0.5)
    assert shrink(selected, n)["shrunk"].tolist() == pytest.approx([0.6] * 10)


def test_overdispersion_is_pearson_over_its_degrees_of_freedom() -> None:
    """Two people with 0 and 10 of 10: chi-square 20 on 1 degree of freedom."""
    assert overdispersion(np.array([0.0, 10.0]), np.array([10.0, 10.0])) == pytest.approx(20)


@pytest.mark.parametrize(("baseline", "wilcoxon", "wilson"), [(OPTIMIZER, 0.0043, 0.5643), (GLOBAL, 0.0045, 0.5791)])
def test_every_estimator_gives_its_published_number(baseline: str, wilcoxon: float, wilson: float) -> None:
    """The real study: Wilcoxon's p, Wilson's lower end, and the default in between."""
    trials = real(baseline)
    table = estimators(trials, model=rate_model(trials)).set_index("estimator")

    assert table.loc["Wilcoxon signed rank", "p_value"] == pytest.approx(wilcoxon, abs=5e-5)
    assert table.loc["pooled binomial (Wilson)", "low"] == pytest.approx(wilson, abs=5e-5)
    assert table.loc["two-way cluster t", "se"] < table.loc["pigeonhole bootstrap", "se"]
    assert table.loc["GLMM, marginal", "mean"] == pytest.approx(trials["selected"].mean(), abs=0.01)
    assert table["note"].iloc[-1].startswith("WRONG")


def test_what_cannot_be_estimated_says_why() -> None:
    """When everybody chooses the same, models and bootstrap are flagged and the rest has its fallback."""
    trials = pd.DataFrame({"participant": np.repeat(list("abc"), 4), "prompt": list("wxyz") * 3, "selected": 1.0})
    table = estimators(trials, model=rate_model(trials)).set_index("estimator")

    assert list(table.reset_index().columns) == COLUMNS
    for name in ("pigeonhole bootstrap", "GEE exchangeable", "GLMM, marginal"):
        assert table.loc[name, "note"].startswith("not estimable")
        assert np.isnan(table.loc[name, "low"])
    assert "no cluster varied" in table.loc["two-way cluster t", "note"]


def test_bootstrap_spreads_as_its_formula() -> None:
    """Redrawing participants alone has the variance of their means; both ways at least as much."""
    rng = np.random.default_rng(0)
    people, prompts = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20)
    values = np.repeat(rng.random(20) < 0.5, 10).astype(np.float64)
    alone, both = (
        pigeonhole(values, people, prompts, replicates=4000, rng=np.random.default_rng(1), redraw_prompts=way)
        for way in (False, True)
    )
    means = values.reshape(20, 10).mean(axis=1)

    assert alone.std() == pytest.approx(means.std() / np.sqrt(20), rel=0.05)
    assert both.std() >= 0.95 * alone.std()


def test_sparse_and_dense_cells_give_the_same_replicates() -> None:
    """However empty the table of participants and prompts, equal seeds give equal means."""
    rng = np.random.default_rng(0)
    people, prompts = rng.integers(0, 60, 300), rng.integers(0, 400, 300)
    values = rng.integers(0, 2, 300).astype(np.float64)
    sparse = pigeonhole(values, people, prompts, replicates=50, rng=np.random.default_rng(2))
    weights = np.random.default_rng(2)

    def counts(size: int) -> np.ndarray:
        drawn = weights.integers(0, size, (50, size))
        return np.array([np.bincount(row, minlength=size) for row in drawn])

    w = counts(people.max() + 1)[:, people] * counts(prompts.max() + 1)[:, prompts]
    assert sparse == pytest.approx((w @ values) / w.sum(axis=1))


def test_krippendorffs_alpha_of_known_tables() -> None:
    """All agree: 1. Half and half everywhere: below 0. Unanimous over all units: nothing to agree about."""
    n = np.full(4, 10.0)

    assert krippendorff(np.array([10.0, 0.0, 10.0, 0.0]), n) == 1.0
    assert krippendorff(np.full(4, 5.0), n) == pytest.approx(1 - (25 / 9 * 4) / (400 / 39))
    assert np.isnan(krippendorff(np.full(4, 10.0), n))


def test_prompts_that_differ_are_reliable() -> None:
    """Where prompts differ much, halves of the participants agree; where they do not, they do not."""
    rng = np.random.default_rng(0)
    people, prompts = np.repeat(np.arange(40), 20), np.tile(np.arange(20), 40)
    frame = pd.DataFrame({"participant": people, "prompt": prompts})
    strong = frame.assign(selected=(rng.random(800) < np.linspace(0.05, 0.95, 20)[prompts]).astype(float))
    weak = frame.assign(selected=(rng.random(800) < 0.5).astype(float))

    assert np.median(split_halves(strong, rng, 50)) > 0.9
    assert abs(np.nanmedian(split_halves(weak, rng, 50))) < 0.6
    table = reliability(strong, model=rate_model(strong), replicates=200).set_index("measure")
    assert table.loc["between prompts", "value"] > table.loc["between participants", "value"]


def test_a_specification_curve_marks_the_declared_one(manifest: Manifest, choices_of: object) -> None:
    """Sets of exclusions that keep the same people stand once; exactly one specification is the declared one."""
    choices = choices_of(manifest, mode="live")  # type: ignore[operator]
    choices.loc[choices["participant"] == "P-0002", "rt_ms"] = 100.0
    table = specifications(choices, ("OURS", "UNIFORM"), AnalysisPlan())

    assert table["declared"].sum() == 1
    assert set(table["exclusions"]) == {"all declared", "nobody excluded"}
    assert table["rate"].is_monotonic_increasing
    assert set(table.loc[table["declared"], "estimator"]) == {"two-way cluster t"}

"""Mixed models: the gradient is the function's, lme4's numbers come back, planted parameters are recovered."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NotEstimableError
from analysis.glmm import fit
from analysis.laplace import Laplace, Term
from analysis.likelihood import Link, likelihood

DATA = Path(os.environ.get("BF_VALIDATION_DATA", Path(__file__).parents[3] / "shared" / "data"))


def data(name: str) -> pd.DataFrame:
    """Return a published data set, or skip."""
    if not (DATA / name).is_file():
        pytest.skip(f"no {name} in {DATA}; name its folder in BF_VALIDATION_DATA")
    return pd.read_csv(DATA / name)


def crossed(people: int, prompts: int, *, seed: int = 0, sds: tuple[float, float, float] = (0.5, 0.7, 0.6)) -> Any:
    """Return answers of people about prompts with planted effects: intercept .4, side .3."""
    rng = np.random.default_rng(seed)
    person, prompt = np.repeat(np.arange(people), prompts), np.tile(np.arange(prompts), people)
    side = rng.choice([-0.5, 0.5], people * prompts)
    effects = [rng.normal(0, sd, size) for sd, size in zip(sds, (people, prompts, people), strict=True)]
    predictor = 0.4 + 0.3 * side + effects[0][person] + effects[1][prompt] + effects[2][person] * side
    answers = (rng.random(len(person)) < 1 / (1 + np.exp(-predictor))).astype(np.float64)
    return answers, person, prompt, side


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_derivatives_are_those_of_the_likelihood(link: Link) -> None:
    """First, second and third derivative agree with differences."""
    at, step = np.linspace(-3, 3, 9), 1e-5
    successes, trials = np.tile([0.0, 1.0, 0.5], 3), np.ones(9)
    here = likelihood(link, successes, trials, at)
    up, down = (likelihood(link, successes, trials, at + sign * step) for sign in (1, -1))

    assert (up.value - down.value) / (2 * step) == pytest.approx(here.first, abs=1e-8)
    assert (up.first - down.first) / (2 * step) == pytest.approx(-here.weight, abs=1e-8)
    assert (up.weight - down.weight) / (2 * step) == pytest.approx(-here.third, abs=1e-8)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_gradient_is_that_of_the_laplace_likelihood(link: Link) -> None:
    """Two crossed intercepts and a slope: the exact gradient agrees with differences of the value."""
    answers, person, prompt, side = crossed(12, 9)
    terms = [Term(prompt, 9), Term(person, 12, side), Term(person, 12)]
    model = Laplace(answers, np.ones_like(answers), np.column_stack([np.ones_like(side), side]), terms, link)
    at = np.array([0.4, 0.7, 0.5, 0.2, 0.1])
    _, there, factor = model.value(at[:3], at[3:])
    found = model.gradient(at[:3], there, factor)

    for place, slope in enumerate(found):
        up, down = (at + sign * 1e-4 * np.eye(5)[place] for sign in (1, -1))
        rise = model.value(up[:3], up[3:])[0] - model.value(down[:3], down[3:])[0]
        assert slope == pytest.approx(rise / 2e-4, abs=1e-4)


def test_the_determinant_is_that_of_the_whole_hessian() -> None:
    """Eliminating one factor changes neither the determinant nor the solution."""
    answers, person, prompt, side = crossed(6, 5)
    terms = [Term(prompt, 5), Term(person, 6, side), Term(person, 6)]
    model = Laplace(answers, np.ones_like(answers), np.ones((30, 1)), terms, "logit")
    sds = np.array([0.5, 0.8, 0.6])
    _, there, factor = model.value(sds, np.array([0.2]))
    columns = [sd * np.eye(t.size)[t.codes] for t, sd in zip(terms, sds, strict=True)]
    columns[1] = columns[1] * side[:, None]
    design = np.hstack(columns)
    hessian = design.T @ (design * there.weight[:, None]) + np.eye(17)

    assert factor.log_determinant == pytest.approx(np.linalg.slogdet(hessian)[1], abs=1e-6)
    assert factor.solve(np.arange(17.0)) == pytest.approx(np.linalg.solve(hessian, np.arange(17.0)), abs=1e-5)
    assert model.inverse_diagonal(sds, factor) == pytest.approx(np.diag(np.linalg.inv(hessian)), abs=1e-6)


def test_crossed_reference_data_give_lme4s_fit() -> None:
    """VerbAgg, 316 persons and 24 items: lme4's estimate, SE, standard deviations and log-likelihood."""
    frame = data("lme4_VerbAgg.csv")
    model = fit((frame["r2"] == "Y").to_numpy(float), {}, {"id": frame["id"], "item": frame["item"]})
    sds = model.random.set_index("term")["sd"]

    assert model.converged
    assert model.fixed[["estimate", "se"]].iloc[0].tolist() == pytest.approx([-0.16261, 0.24504], abs=1e-3)
    assert [sds["id"], sds["item"]] == pytest.approx([1.37334, 1.12949], abs=1e-3)
    assert model.log_likelihood == pytest.approx(-4101.549, abs=1e-2)


def test_counts_with_one_factor_give_lme4s_fit() -> None:
    """The herds of cbpp: lme4's estimates, standard errors by its Hessian, standard deviation, log-likelihood, AIC.

    lme4's help page prints SEs of .2312, .3032, .3228 and .4220: differences of a deviance that stopped early
    (lme4 issue 998). Those below are lme4's by its Hessian, as the worked examples of the package fastglmm quote them.
    """
    frame = data("lme4_cbpp.csv")
    periods = {f"period {k}": (frame["period"] == k).to_numpy(float) for k in (2, 3, 4)}
    model = fit(frame["incidence"].to_numpy(), periods, {"herd": frame["herd"]}, trials=frame["size"].to_numpy())

    assert model.fixed["estimate"].tolist() == pytest.approx([-1.3983, -0.9919, -1.1282, -1.5797], abs=1e-3)
    assert model.fixed["se"].tolist() == pytest.approx([0.2324733, 0.3066413, 0.3266372, 0.4274372], rel=1e-4)
    assert model.random["sd"].tolist() == pytest.approx([0.6421], abs=1e-3)
    assert (model.log_likelihood, model.aic) == pytest.approx((-92.02657, 194.1), abs=0.05)


def test_standard_errors_are_those_of_the_exact_hessian() -> None:
    """One factor: the covariance is the inverse of the Hessian over SD and effects, by differences of the value."""
    rng = np.random.default_rng(5)
    group, side = np.repeat(np.arange(15), 8), np.tile([-0.5, 0.5], 60)
    answers = (rng.random(120) < 1 / (1 + np.exp(-0.3 - side - rng.normal(0, 0.8, 15)[group]))).astype(np.float64)
    fitted = fit(answers, {"side": side}, {"group": group})
    model = Laplace(answers, np.ones(120), np.column_stack([np.ones(120), side]), [Term(group, 15)], "logit")
    at, step = np.r_[fitted.random["sd"], fitted.fixed["estimate"]], 1e-3 * np.eye(3)

    def height(values: np.ndarray) -> float:
        return model.value(values[:1], values[1:])[0]

    hessian = [
        [height(at + a + b) - height(at + a - b) - height(at - a + b) + height(at - a - b) for b in step] for a in step
    ]

    assert fitted.covariance == pytest.approx(np.linalg.inv(-np.array(hessian) / 4e-6), rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_planted_parameters_are_recovered(link: Link) -> None:
    """Forty people by forty prompts: the intercept, the side and its slope lie within three standard errors."""
    answers, person, prompt, side = crossed(40, 40, seed=3)
    slopes = {"side | participant": ("participant", side)}
    model = fit(answers, {"side": side}, {"participant": person, "prompt": prompt}, slopes=slopes, link=link)
    scale = 1.0 if link == "logit" else 0.6  # a logistic curve is about a normal one stretched by 1.7
    estimates = model.fixed.set_index("term")
    sds = model.random.set_index("term")["sd"]

    assert estimates.loc["intercept", "estimate"] == pytest.approx(
        0.4 * scale, abs=3 * estimates.loc["intercept", "se"]
    )
    assert estimates.loc["side", "estimate"] == pytest.approx(0.3 * scale, abs=3 * estimates.loc["side", "se"])
    assert sds.to_dict() == pytest.approx(
        {"participant": 0.5 * scale, "prompt": 0.7 * scale, "side | participant": 0.6 * scale}, rel=0.5
    )


def test_marginal_rate_is_nearer_to_one_half_than_the_conditional() -> None:
    """A typical participant at .4 logit chooses 60 %; averaged over people and prompts it is less, with an error."""
    answers, person, prompt, _ = crossed(30, 30, seed=1)
    model = fit(answers, {}, {"participant": person, "prompt": prompt})
    conditional = 1 / (1 + np.exp(-model.fixed["estimate"].iloc[0]))
    rate, se = model.marginal(np.ones(1))

    assert abs(rate - 0.5) < abs(conditional - 0.5)
    assert rate == pytest.approx(answers.mean(), abs=0.01)
    assert 0 < se < 0.2


def test_modes_shrink_towards_the_mean() -> None:
    """Conditional modes spread less than the raw log-odds, and each has its own error."""
    answers, person, prompt, _ = crossed(20, 20, seed=2)
    modes = fit(answers, {}, {"participant": person, "prompt": prompt}).modes.query("term == 'prompt'")
    rates = np.clip(pd.Series(answers).groupby(prompt).mean(), 0.02, 0.98)

    assert modes["effect"].std() < np.log(rates / (1 - rates)).std()
    assert (modes["sd"] > 0).all()


def test_no_spread_is_at_the_boundary() -> None:
    """Where people do not differ, their standard deviation is at the boundary, which is said, and nothing breaks."""
    answers = np.tile([1.0, 0.0, 1.0, 1.0], 10)
    person, prompt = np.repeat(np.arange(10), 4), np.tile(np.arange(4), 10)
    model = fit(answers + 0 * person, {}, {"participant": person, "prompt": prompt % 2})

    assert model.random.set_index("term")["at_boundary"]["participant"]
    assert np.isfinite(model.fixed[["estimate", "se"]].to_numpy()).all()


@pytest.mark.parametrize(
    ("answers", "person", "words"),
    [
        (np.ones(6), [0, 0, 0, 1, 1, 1], "every answer the same"),
        (np.array([0, 1, 0, 1, 0, 1.0]), [0] * 6, "one level of a factor"),
        (np.array([0, 1, np.nan, 1, 0, 1.0]), [0, 0, 0, 1, 1, 1], "not a number"),
    ],
)
def test_what_cannot_be_fitted_is_named(answers: Any, person: list[int], words: str) -> None:
    """Unanimous answers, a single person and a missing number are named errors."""
    with pytest.raises(NotEstimableError, match=words):
        fit(answers, {}, {"participant": person})


def test_equal_columns_are_named() -> None:
    """Two fixed effects that are the same cannot be told apart."""
    answers, person, _, side = crossed(6, 6)

    with pytest.raises(NotEstimableError, match="collinear"):
        fit(answers, {"a": side, "b": side}, {"participant": person})

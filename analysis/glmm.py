"""Generalised linear mixed models of choices: crossed random intercepts, optional slopes, logit or probit.

Fitted by maximum likelihood under Laplace's approximation, as lme4's `glmer(nAGQ = 1)`. For the probit link the
approximation uses the observed information (lme4 uses the expected one), so the two differ slightly there.

Standard errors are those of the Hessian over standard deviations and fixed effects together, from differences of the
exact gradient. lme4 takes second differences of its deviance, which by default carry the error of an inner search that
stops early: up to 1.3 % of a standard error on its own data (github.com/lme4/lme4/issues/998).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from analysis.errors import NotEstimableError
from analysis.laplace import Laplace, Term
from analysis.likelihood import Link, inverse, likelihood

Numbers = NDArray[np.float64]

START_SD, SMALLEST_SD = 0.5, 1e-5
BOUNDARY = 1e-3
"""A standard deviation below this is at the boundary: its term explains nothing, and it gets no standard error."""
DIFFERENCE = 1e-3
CONVERGED = 1e-2  # the largest gradient of the log-likelihood by a parameter, in standard errors
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


@dataclass(frozen=True)
class Glmm:
    """A fitted model.

    `fixed`: one row for each fixed effect (term, estimate, se, z, p_value, low, high). `random`: one row for each
    random effect (term, sd, at_boundary). `modes`: one row for each level (term, level, effect, sd), conditional
    modes on the scale of the link. `covariance`: of all standard deviations, then all fixed effects; zero at the
    boundary.
    """

    link: Link
    level: float
    fixed: pd.DataFrame
    random: pd.DataFrame
    modes: pd.DataFrame
    covariance: Numbers
    log_likelihood: float
    n: int
    converged: bool

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return 2 * (len(self.fixed) + len(self.random)) - 2 * self.log_likelihood

    def marginal(self, at: Numbers, squares: Numbers | None = None) -> tuple[float, float]:
        """Return a probability averaged over the random effects, and its standard error (delta method).

        Args:
            at: Values of the fixed effects' columns, shape (effects,).
            squares: Mean square of each random term's covariate (1 for an intercept), shape (terms,).
        """
        squares = np.ones(len(self.random)) if squares is None else squares
        parameters = np.concatenate([self.random["sd"], self.fixed["estimate"]])

        def rate(values: Numbers) -> float:
            sds, betas = values[: len(squares)], values[len(squares) :]
            spread = np.sqrt((squares * sds**2).sum())
            return float(WEIGHTS @ inverse(self.link, at @ betas + spread * NODES) / WEIGHTS.sum())

        slope = np.array([_slope(rate, parameters, k) for k in range(len(parameters))])
        return rate(parameters), float(np.sqrt(max(0.0, slope @ self.covariance @ slope)))


def fit(
    successes: Numbers,
    fixed: Mapping[str, Numbers],
    groups: Mapping[str, Sequence[object]],
    *,
    slopes: Mapping[str, tuple[str, Numbers]] | None = None,
    trials: Numbers | None = None,
    link: Link = "logit",
    level: float = 0.95,
) -> Glmm:
    """Fit a model with an intercept, fixed effects and crossed random intercepts.

    Args:
        successes: 0 or 1 for each observation, or counts where `trials` is given, shape (observations,).
        fixed: Columns beside the intercept by name, each of shape (observations,).
        groups: Random intercepts: the level of each observation, by the factor's name.
        slopes: Random slopes, independent of the intercepts: name -> (factor, covariate).
        trials: Trials behind each count; none: one each.
        link: 'logit' or 'probit'.
        level: Of the fixed effects' intervals, in (0, 1).

    Raises:
        NotEstimableError: If every answer is the same, a factor has one level, or the fixed effects are collinear.
    """
    successes = np.asarray(successes, dtype=np.float64)
    trials = np.ones_like(successes) if trials is None else np.asarray(trials, dtype=np.float64)
    columns = {"intercept": np.ones_like(successes), **fixed}
    design = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns.values()])
    labels, names, terms = _terms(groups, slopes or {})
    _check(successes, trials, design, groups, labels)
    model = Laplace(successes, trials, design, terms, link)
    parameters, converged, hessian = _maximise(model, _start(model))
    return _result(model, parameters, hessian, list(columns), names, labels, level, converged)


def _terms(
    groups: Mapping[str, Sequence[object]], slopes: Mapping[str, tuple[str, Numbers]]
) -> tuple[list[pd.Index], list[str], list[Term]]:
    """Return the levels, names and terms; the intercept with the most levels last, where it is cheap."""
    coded = {name: pd.factorize(pd.Series(list(levels)), sort=True) for name, levels in groups.items()}
    order = sorted(groups, key=lambda name: len(coded[name][1]))
    rows: list[tuple[str, str, Numbers | None]] = [(name, name, None) for name in order[:-1]]
    rows += [(name, factor, covariate) for name, (factor, covariate) in slopes.items()]
    rows.append((order[-1], order[-1], None))
    labels = [pd.Index(coded[factor][1]) for _, factor, _ in rows]
    terms = [Term(coded[factor][0].astype(np.int64), len(coded[factor][1]), covariate) for _, factor, covariate in rows]
    return labels, [name for name, _, _ in rows], terms


def _check(
    successes: Numbers,
    trials: Numbers,
    design: Numbers,
    groups: Mapping[str, Sequence[object]],
    labels: Sequence[pd.Index],
) -> None:
    if not np.isfinite(design).all() or not np.isfinite(successes).all():
        raise NotEstimableError("mixed model", "a value that is not a number", "numbers only")
    if successes.sum() in (0, trials.sum()):
        raise NotEstimableError("mixed model", "every answer the same", "both answers at least once")
    if min(len(levels) for levels in labels) < 2:
        raise NotEstimableError("mixed model", f"one level of a factor among {list(groups)}", "at least two")
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise NotEstimableError("mixed model", "collinear fixed effects", "effects that differ")


def _start(model: Laplace) -> Numbers:
    """Return standard deviations of one half and the fixed effects of the model without random ones."""
    betas = np.zeros(model.fixed.shape[1])
    for _ in range(8):
        there = likelihood(model.link, model.successes, model.trials, model.fixed @ betas)
        information = model.fixed.T @ (model.fixed * there.weight[:, None]) + 1e-8 * np.eye(len(betas))
        betas = betas + np.linalg.solve(information, model.fixed.T @ there.first)
    return np.concatenate([np.full(len(model.terms), START_SD), betas])


def _maximise(model: Laplace, start: Numbers) -> tuple[Numbers, bool, Numbers]:
    """Return the parameters, whether the search converged, and the Hessian of minus the log-likelihood."""
    k = len(model.terms)

    def descend(values: Numbers) -> tuple[float, Numbers]:
        height, there, factor = model.value(values[:k], values[k:])
        return -height, -model.gradient(values[:k], there, factor)

    bounds = [(SMALLEST_SD, None)] * k + [(None, None)] * (len(start) - k)
    options = {"ftol": 1e-13, "gtol": 1e-5, "maxiter": 200}
    found = optimize.minimize(descend, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    parameters = np.asarray(found.x, dtype=np.float64)
    free = np.r_[parameters[:k] > BOUNDARY, np.full(len(start) - k, True)]
    hessian = np.zeros((len(start), len(start)))
    for place in np.flatnonzero(free):
        up, down = (descend(_moved(parameters, int(place), sign * DIFFERENCE))[1] for sign in (1, -1))
        hessian[place] = (up - down) / (2 * DIFFERENCE)
    hessian = np.where(np.outer(free, free), (hessian + hessian.T) / 2, 0.0)
    gradient = descend(parameters)[1]
    inner = hessian[np.ix_(free, free)]
    step = np.linalg.solve(inner, gradient[free]) if np.linalg.matrix_rank(inner) == len(inner) else gradient[free]
    return parameters, bool(np.abs(step * np.sqrt(np.abs(np.diag(inner)))).max() < CONVERGED), hessian


def _result(
    model: Laplace,
    parameters: Numbers,
    hessian: Numbers,
    columns: list[str],
    names: list[str],
    labels: Sequence[pd.Index],
    level: float,
    converged: bool,
) -> Glmm:
    k = len(names)
    sds, betas = parameters[:k], parameters[k:]
    height, _, factor = model.value(sds, betas)
    covariance: Numbers = np.asarray(np.linalg.pinv(hessian, hermitian=True), dtype=np.float64)
    errors = np.sqrt(np.maximum(0.0, np.diag(covariance)[k:]))
    half = stats.norm.ppf((1 + level) / 2) * errors
    z = betas / np.where(errors > 0, errors, np.nan)
    fixed = {"term": columns, "estimate": betas, "se": errors, "z": z, "p_value": 2 * stats.norm.sf(np.abs(z))}
    spread = np.sqrt(model.inverse_diagonal(sds, factor))
    modes = [
        pd.DataFrame({"term": name, "level": levels, "effect": sd * model.modes[part], "sd": sd * spread[part]})
        for name, levels, sd, part in zip(names, labels, sds, model.parts, strict=True)
    ]
    return Glmm(
        link=model.link,
        level=level,
        fixed=pd.DataFrame(fixed | {"low": betas - half, "high": betas + half}),
        random=pd.DataFrame({"term": names, "sd": sds, "at_boundary": sds <= BOUNDARY}),
        modes=pd.concat(modes, ignore_index=True),
        covariance=covariance,
        log_likelihood=height,
        n=len(model.successes),
        converged=converged,
    )


def _moved(values: Numbers, place: int, by: float) -> Numbers:
    moved = values.copy()
    moved[place] += by
    return moved


def _slope(function: Callable[[Numbers], float], values: Numbers, place: int) -> float:
    up, down = (function(_moved(values, place, sign * DIFFERENCE)) for sign in (1, -1))
    return float((up - down) / (2 * DIFFERENCE))

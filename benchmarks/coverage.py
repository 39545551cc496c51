"""Are the intervals right: how often they hold the truth, and how often a claim that is false is made.

Every replicate is a whole study of participants and prompts drawn anew, with its number as its seed, analysed by the
functions that the report calls. The naive interval stands beside.
"""

import functools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit
from statsmodels.stats.proportion import proportion_confint

from analysis.bias import lapse_bound
from analysis.jnd import verdict
from analysis.rates import two_way
from benchmarks.harness import Figure, main

Numbers = NDArray[np.float64]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
FULL, QUICK = 4000, 150
LEVEL = 0.95


@dataclass(frozen=True)
class Design:
    """A study: participants x trials, prompts to draw from, and how much participants and prompts differ (logit)."""

    name: str
    participants: int
    trials: int
    prompts: int
    sd_participant: float
    sd_prompt: float

    @property
    def spread(self) -> float:
        """SD of the log-odds of a new participant and a new prompt together."""
        return float(np.hypot(self.sd_participant, self.sd_prompt))


DESIGNS = (
    Design("A 72x100 of 1839", 72, 100, 1839, 0.35, 0.6),
    Design("B 72x100, the same 100", 72, 100, 100, 0.35, 0.6),
    Design("C as A, people differ", 72, 100, 1839, 1.0, 0.6),
    Design("D as A, none differ", 72, 100, 1839, 0.0, 0.0),
    Design("E 20x50, the same 50", 20, 50, 50, 0.5, 0.8),
)


@dataclass(frozen=True)
class Run:
    """One replicate: choices with their clusters, and catch trials."""

    chosen: Numbers
    participants: NDArray[np.int64]
    prompts: NDArray[np.int64]
    catch: pd.DataFrame


def marginal(logit: float, spread: float) -> float:
    """Return the rate over new participants and prompts whose typical log-odds are `logit`."""
    return float(WEIGHTS @ expit(logit + spread * NODES) / WEIGHTS.sum())


@functools.cache
def logit_of(rate: float, spread: float) -> float:
    """Return the typical log-odds whose rate over new participants and prompts is `rate`."""
    return float(brentq(lambda logit: marginal(logit, spread) - rate, -15, 15))


def simulate(design: Design, rate: float, seed: int, *, careless: float = 0.0, clickers: bool = False) -> Run:
    """Draw one study.

    Args:
        design: Of the study.
        rate: True marginal selection rate, in (0, 1).
        seed: Of the replicate.
        careless: Share of answers given without looking, in [0, 1).
        clickers: Whether these are all answers of that share of participants, or that share of everybody's answers.
    """
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(design.participants), design.trials)
    orders = np.argsort(rng.random((design.participants, design.prompts)), axis=1)[:, : design.trials]
    prompts = orders.ravel()
    tastes = rng.normal(0, design.sd_participant, design.participants)
    logit = logit_of(rate, design.spread) + tastes[people] + rng.normal(0, design.sd_prompt, design.prompts)[prompts]
    who = rng.random(design.participants) < careless if clickers else np.full(design.participants, careless)
    guess = rng.random(len(people)) < who[people]
    chosen = np.where(guess, rng.random(len(people)) < 0.5, rng.random(len(people)) < expit(logit))
    asked = np.repeat(np.arange(design.participants), 10)
    missed = (rng.random(len(asked)) < who[asked]) & (rng.random(len(asked)) < 0.5)
    catch = pd.DataFrame({"participant": asked, "right_answer": 1 - missed.astype(np.int64)})
    return Run(chosen.astype(np.float64), people, prompts, catch)


def coverage(design: Design, replicates: int) -> tuple[Figure, Figure]:
    """Return how often the default's interval and the naive one hold the truth (typical log-odds .45)."""
    truth = marginal(0.45, design.spread)
    hits = np.zeros((replicates, 2), dtype=bool)
    widths = np.zeros((replicates, 2))
    for seed in range(replicates):
        run = simulate(design, truth, seed)
        ends = two_way(run.chosen, run.participants, run.prompts, LEVEL).interval
        naive = proportion_confint(run.chosen.sum(), len(run.chosen), alpha=1 - LEVEL, method="wilson")
        for place, (low, high) in enumerate(((ends.low, ends.high), naive)):
            hits[seed, place], widths[seed, place] = low <= truth <= high, (high - low) / 2
    shares, half = hits.mean(axis=0), 100 * widths.mean(axis=0)
    print(
        f"{design.name}: half-width {half[0]:.2f} pp, naive Wilson {half[1]:.2f} pp covers {shares[1]:.3f}; "
        f"Monte-Carlo SE {_error(shares[0], replicates):.4f}"
    )
    name = f"{design.name}: 95 % intervals that hold the truth"
    low, high = _ends(shares[0], replicates)
    beside = ("naive Wilson", float(shares[1]), low, high)
    return (
        Figure(name, float(shares[0]), "", 0.93, ">=", *beside),
        Figure(f"{name}, at most", float(shares[0]), "", 0.975, "<=", *beside),
    )


def type_one(design: Design, replicates: int) -> tuple[Figure, Figure]:
    """Return how often 'chosen more often' is claimed of a true 50 %; one-sided, 2.5 % are allowed."""
    found = np.zeros((replicates, 2), dtype=bool)
    for seed in range(replicates):
        run = simulate(design, 0.5, seed)
        estimate = two_way(run.chosen, run.participants, run.prompts, LEVEL)
        found[seed, 0] = verdict(estimate, 0.0, "A", "B").chosen_more == "yes"
        z = (run.chosen.mean() - 0.5) / np.sqrt(0.25 / len(run.chosen))
        found[seed, 1] = z > stats.norm.ppf(0.975)
    share, naive = found.mean(axis=0)
    name = f"{design.name}: false 'chosen more often'"
    beside = ("naive z test", float(naive), *_ends(share, replicates))
    return (
        Figure(name, float(share), "", 0.035, "<=", *beside),
        Figure(f"{name}, at least", float(share), "", 0.015, ">=", *beside),
    )


def not_worse(design: Design, careless: float, replicates: int, *, clickers: bool) -> Figure:
    """Return how often 'not worse' is claimed of what is exactly 1 JND worse; beside, without the catch trials."""
    found = np.zeros((replicates, 2), dtype=bool)
    for seed in range(replicates):
        run = simulate(design, 0.25, seed, careless=careless, clickers=clickers)
        estimate = two_way(run.chosen, run.participants, run.prompts, LEVEL)
        bound = lapse_bound(run.catch, LEVEL)
        for place, lapse in enumerate((bound, 0.0)):
            found[seed, place] = verdict(estimate, lapse, "A", "B").not_worse == "yes"
    share, naive = found.mean(axis=0)
    who = "people who only click" if clickers else "careless answers"
    name = f"{design.name}: false 'not worse', {100 * careless:.0f} % {who}"
    return Figure(name, float(share), "", 0.035, "<=", "without catch trials", float(naive), *_ends(share, replicates))


def measure(quick: bool) -> Sequence[Figure]:
    """Simulate every design; quick: fewer replicates, and limits three Monte-Carlo errors wider."""
    replicates = QUICK if quick else FULL
    print(f"{replicates} replicates, seeds 0 to {replicates - 1}; low to high: 95 % Monte-Carlo interval")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = [figure for design in DESIGNS for figure in coverage(design, replicates)]
        figures += [figure for design in DESIGNS for figure in type_one(design, replicates)]
        figures += [
            not_worse(DESIGNS[0], careless, replicates, clickers=clickers)
            for clickers in (False, True)
            for careless in (0.0, 0.05, 0.1, 0.2)
            if careless or not clickers
        ]
    return [_wider(figure, replicates) for figure in figures] if quick else figures


def _wider(figure: Figure, replicates: int) -> Figure:
    if figure.target is None:
        return figure
    slack = 3 * _error(figure.target, replicates)
    target = figure.target + slack if figure.comparison == "<=" else figure.target - slack
    return replace(figure, target=target)


def _error(share: float, replicates: int) -> float:
    return float(np.sqrt(share * (1 - share) / replicates))


def _ends(share: float, replicates: int) -> tuple[float, float]:
    low, high = proportion_confint(round(share * replicates), replicates, method="wilson")
    return float(low), float(high)


if __name__ == "__main__":
    main("coverage", measure)

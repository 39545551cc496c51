"""How many people a study needs: thousands of studies simulated at once, each judged as the real one will be."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from analysis.errors import PlanningError

Numbers = NDArray[np.float64]

AT_ONCE = 2_000_000
"""Simulated choices held in memory at a time."""


@dataclass(frozen=True)
class Population:
    """Whom the study asks, and what they would see.

    `rate` is the selection rate of new people about new prompts, in (0, 1), of those who look; the two standard
    deviations are of logits. A share `lapse` of answers, in [0, 1), is given without looking.
    """

    rate: float
    sd_participant: float = 0.35
    sd_prompt: float = 0.6
    lapse: float = 0.0


@dataclass(frozen=True)
class Design:
    """How large a study is: people, main trials of each, different prompts, and catch trials of each.

    People walk round the prompts one after the other, as the study server deals them.
    """

    participants: int
    trials: int
    prompts: int
    catch_trials: int = 0


@dataclass(frozen=True)
class Claim:
    """What the study shall show: a rate above `margin`, one-sided at `alpha`.

    The margin 0.5 is superiority, 0.25 is non-inferiority to one JND; with `bound_lapses`, the lower end must stay
    above it even if as many answers were careless as the catch trials allow.
    """

    margin: float = 0.5
    alpha: float = 0.025
    bound_lapses: bool = False


@dataclass(frozen=True)
class Power:
    """The share of simulated studies that show the claim, its Monte-Carlo error, and the mean half-width (rate)."""

    power: float
    se: float
    half_width: float
    studies: int


@dataclass(frozen=True)
class Price:
    """What a participant costs: pay in GBP per hour, seconds per trial, minutes beside trials, fee on top of pay."""

    pay: float = 9.0
    seconds_per_trial: float = 8.0
    overhead_minutes: float = 4.0
    fee: float = 0.333

    def minutes(self, design: Design) -> float:
        """Return how long one participant takes."""
        return self.overhead_minutes + (design.trials + design.catch_trials) * self.seconds_per_trial / 60

    def cost(self, design: Design) -> float:
        """Return what all participants cost together, GBP."""
        return design.participants * self.minutes(design) / 60 * self.pay * (1 + self.fee)


def power(
    design: Design, population: Population, claim: Claim = Claim(), *, studies: int = 2000, seed: int = 0
) -> Power:
    """Return how often a study of this size shows the claim, by the two-way cluster-robust t test.

    Raises:
        PlanningError: If the design or the population cannot be simulated.

    Source:
        Cameron, Gelbach and Miller (2011), as in `analysis.rates`; `corrected_low` of `analysis.jnd`.
    """
    _check(design, population, claim)
    rng = np.random.default_rng(seed)
    mean, se = simulate(design, population, studies, rng)
    groups = min(design.participants, _prompts_seen(design))
    half = stats.t.ppf(1 - claim.alpha, groups - 1) * se
    low = mean - half
    if claim.bound_lapses:
        bound = _lapse_bounds(design, population, claim, studies, rng)
        low = np.where(bound < 1, (low - bound / 2) / np.maximum(1 - bound, 1e-9), 0.0)
    share = float((low > claim.margin).mean())
    return Power(share, float(np.sqrt(share * (1 - share) / studies)), float(half.mean()), studies)


def n_for_power(
    target: float,
    design: Design,
    population: Population,
    claim: Claim = Claim(),
    *,
    most: int = 2000,
    studies: int = 2000,
    seed: int = 0,
) -> tuple[int, Power]:
    """Return the fewest participants that reach a power, and the power there; other sizes are those of `design`.

    The answer is good to the Monte-Carlo error of the power.

    Raises:
        PlanningError: If even `most` participants do not reach it.
    """

    def reached(participants: int) -> Power:
        return power(replace(design, participants=participants), population, claim, studies=studies, seed=seed)

    enough, found = 4, reached(4)
    while found.power < target:
        if enough >= most:
            remedy = "Prompts limit it as people do: use more prompts, or a claim that is easier to show."
            raise PlanningError(f"power {found.power:.2f} with {most} participants", f"{target:g}", remedy)
        enough = min(2 * enough, most)
        found = reached(enough)
    few = max(2, enough // 2)
    while enough - few > 1:
        middle = (enough + few) // 2
        there = reached(middle)
        enough, few, found = (middle, few, there) if there.power >= target else (enough, middle, found)
    return enough, found


def grid(
    participants: list[int],
    trials: list[int],
    design: Design,
    population: Population,
    claim: Claim = Claim(),
    price: Price = Price(),
    *,
    studies: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Return power and cost for each number of participants and of trials; other sizes are those of `design`.

    Returns:
        Columns participants, trials, power, se, minutes (of one participant) and cost (GBP).
    """
    rows = []
    for people in participants:
        for count in trials:
            size = replace(design, participants=people, trials=count)
            found = power(size, population, claim, studies=studies, seed=seed)
            rows.append((people, count, found.power, found.se, price.minutes(size), price.cost(size)))
    return pd.DataFrame(rows, columns=["participants", "trials", "power", "se", "minutes", "cost"])


def simulate(design: Design, population: Population, studies: int, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Return mean and two-way standard error of each simulated study, both of shape (studies,)."""
    most = max(1, AT_ONCE // (design.participants * design.trials))
    counts = [min(most, studies - done) for done in range(0, studies, most)]
    parts = [_statistics(_answers(design, population, count, rng), design.prompts) for count in counts]
    mean, se = (np.concatenate(column) for column in zip(*parts, strict=True))
    return mean, se


def intercept(population: Population) -> float:
    """Return the logit of a typical person about a typical prompt at which the rate over all is the population's."""
    spread = float(np.hypot(population.sd_participant, population.sd_prompt))
    node, weight = np.polynomial.hermite_e.hermegauss(61)
    weight = weight / weight.sum()

    def miss(at: float) -> float:
        return float(weight @ special.expit(at + spread * node)) - population.rate

    return float(optimize.brentq(miss, -60, 60))


def _answers(design: Design, population: Population, studies: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return simulated choices, shape (studies, participants, trials)."""
    people, trials, prompts = design.participants, design.trials, design.prompts
    person = population.sd_participant * rng.standard_normal((studies, people, 1), dtype=np.float32)
    prompt = population.sd_prompt * rng.standard_normal((studies, prompts), dtype=np.float32)
    rounds = -(-people * trials // prompts)
    shown = np.tile(prompt, (1, rounds))[:, : people * trials].reshape(studies, people, trials)
    rate = special.expit(shown + person + np.float32(intercept(population)))
    seen = np.float32(population.lapse / 2) + np.float32(1 - population.lapse) * rate
    return np.asarray(rng.random(seen.shape, dtype=np.float32) < seen)


def _statistics(answers: NDArray[np.bool_], prompts: int) -> tuple[Numbers, Numbers]:
    """Return mean and two-way cluster-robust standard error; everybody sees a prompt at most once."""
    studies, people, trials = answers.shape
    total = people * trials
    padded = np.zeros((studies, -(-total // prompts) * prompts), np.int8)
    padded[:, :total] = answers.reshape(studies, total)
    by_prompt = padded.reshape(studies, -1, prompts).sum(axis=1, dtype=np.float64)
    shown = np.bincount(np.arange(total) % prompts, minlength=prompts)
    mean = by_prompt.sum(axis=1) / total
    v_p = _variance(answers.sum(axis=2, dtype=np.float64) - trials * mean[:, None], people)
    v_q = _variance(by_prompt - shown * mean[:, None], int(np.count_nonzero(shown)))
    v_0 = total / (total - 1) * total * mean * (1 - mean)
    return mean, np.sqrt(np.maximum(v_p + v_q - v_0, np.maximum(v_p, v_q))) / total


def _variance(sums: Numbers, groups: int) -> Numbers:
    return np.asarray(groups / (groups - 1) * (sums**2).sum(axis=1))


def _lapse_bounds(
    design: Design, population: Population, claim: Claim, studies: int, rng: np.random.Generator
) -> Numbers:
    """Return the bound on lapses that each study's catch trials give: twice Clopper and Pearson's upper end."""
    n = design.participants * design.catch_trials
    if n == 0:
        return np.ones(studies)
    misses = rng.binomial(n, population.lapse / 2, size=studies)
    upper = np.where(misses < n, stats.beta.ppf(1 - claim.alpha, misses + 1, np.maximum(n - misses, 1)), 1.0)
    return np.asarray(np.minimum(1.0, 2 * upper))


def _prompts_seen(design: Design) -> int:
    return min(design.prompts, design.participants * design.trials)


def _check(design: Design, population: Population, claim: Claim) -> None:
    if design.participants < 2 or design.prompts < 2 or design.trials < 1 or design.catch_trials < 0:
        raise PlanningError(str(design), "at least 2 participants, 2 prompts and 1 trial", "Ask more people.")
    if design.trials > design.prompts:
        found, expected = f"{design.trials} trials about {design.prompts} prompts", "each prompt once for each person"
        raise PlanningError(found, expected, "Give fewer --trials or more --prompts.")
    if not (0 < population.rate < 1 and 0 <= population.lapse < 1 and 0 < claim.margin < 1):
        remedy = "Give them as proportions, such as 0.6."
        raise PlanningError(
            "a rate, lapse or margin out of range", "rate and margin in (0, 1), lapse in [0, 1)", remedy
        )

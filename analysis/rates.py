"""Selection rates: how often one condition was chosen, with participants and prompts as clusters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.errors import NoChoicesError

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """A confidence interval that knows its level and its estimator; NaN ends where it cannot be estimated."""

    low: float
    high: float
    level: float
    estimator: str
    df: int | None = None

    @property
    def half_width(self) -> float:
        """Half the distance between the ends."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Estimate:
    """A proportion in [0, 1] over crossed participants and prompts, its standard error and its interval."""

    mean: float
    se: float
    interval: Interval
    n: int


@dataclass(frozen=True)
class Rate:
    """A selection rate; SD, SE and interval are three different things and stand apart.

    `pooled` weighs each choice alike (two-way clusters); `by_participant` weighs each participant alike (t interval).
    """

    condition: str
    pooled: Estimate
    by_participant: Estimate
    sd: float
    t: float
    p_value: float
    phi: float
    n_participants: int
    n_prompts: int
    n_choices: int
    n_ties: int
    n_skips: int


def main_trials(choices: pd.DataFrame, compare: tuple[str, str]) -> pd.DataFrame:
    """Return the decided main trials of one pair: answered left or right, purpose 'main' and nothing else.

    Args:
        choices: Rows with the columns of a choice.
        compare: The two conditions of a main trial; the selection of the first is counted.

    Returns:
        Columns participant, prompt, selected (0/1) and left (0/1: the left side was chosen).
    """
    decided = _shown(choices, compare).query("response in ('left', 'right')")
    return pd.DataFrame(
        {
            "participant": decided["participant"],
            "prompt": decided["prompt"],
            "selected": (decided["chosen"] == compare[0]).astype("int64"),
            "left": (decided["response"] == "left").astype("int64"),
        }
    )


def per_participant(trials: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return each participant's selection rate with a Wilson interval.

    Returns:
        Columns participant, selected, n, rate, low, high; rates in [0, 1]; sorted by participant.

    Source:
        Wilson (1927), through `statsmodels.stats.proportion.proportion_confint`.
    """
    table = trials.groupby("participant", sort=True)["selected"].agg(selected="sum", n="count").reset_index()
    low, high = proportion_confint(table["selected"], table["n"], alpha=1 - level, method="wilson")
    return table.assign(rate=table["selected"] / table["n"], low=low, high=high)


def two_way(values: Numbers, participants: Codes, prompts: Codes, level: float = 0.95) -> Estimate:
    """Return the mean of crossed data with a two-way cluster-robust interval.

    The variance is V_p + V_q - V_0 (each with G/(G-1)), never less than the larger of V_p and V_q; t quantiles with
    min(G_p, G_q) - 1 degrees of freedom; ends clipped to [0, 1]. Where the clusters do not vary (every choice the same)
    the sandwich says nothing, and a Wilson interval with n = min(G_p, G_q) stands in.

    Args:
        values: 0 or 1 for each choice, shape (choices,).
        participants: Code of each choice's participant, 0-based, shape (choices,).
        prompts: Code of each choice's prompt, 0-based, shape (choices,).
        level: Confidence level in (0, 1).

    Source:
        Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29(2).
    """
    mean, groups = float(values.mean()), min(len(np.unique(participants)), len(np.unique(prompts)))
    se = float(np.sqrt(_two_way_variance(values - mean, participants, prompts))) if groups > 1 else np.nan
    interval = _interval(mean, se, groups, level, "two-way cluster-robust t (participants and prompts)")
    return Estimate(mean, se, interval, len(values))


def two_way_of(trials: pd.DataFrame, column: str, level: float = 0.95) -> Estimate:
    """Return `two_way` of one 0/1 column of a frame with columns participant and prompt."""
    participants, prompts = (pd.factorize(trials[name])[0].astype(np.int64) for name in ("participant", "prompt"))
    return two_way(trials[column].to_numpy(np.float64), participants, prompts, level)


def participant_t(rates: Numbers, level: float = 0.95) -> Estimate:
    """Return the mean of the participants' rates with a t interval; the participant is the unit.

    Where all rates are the same, a Wilson interval with n = participants stands in.

    Args:
        rates: One rate for each participant, shape (participants,), in [0, 1].
        level: Confidence level in (0, 1).
    """
    mean, n = float(rates.mean()), len(rates)
    se = float(stats.sem(rates)) if n > 1 else np.nan
    return Estimate(mean, se, _interval(mean, se, n, level, "t over participants"), n)


def overdispersion(selected: Numbers, n: Numbers) -> float:
    """Return Pearson's chi-square over its degrees of freedom: about 1 if participants differ only by chance.

    Args:
        selected: Times the condition was chosen, shape (participants,).
        n: Decided trials, shape (participants,).
    """
    p = selected.sum() / n.sum()
    if len(n) < 2 or p in (0.0, 1.0):
        return float("nan")
    return float((((selected - n * p) ** 2) / (n * p * (1 - p))).sum() / (len(n) - 1))


def selection_rate(choices: pd.DataFrame, compare: tuple[str, str], level: float = 0.95) -> Rate:
    """Return how often the first of two conditions was chosen; ties and skips are dropped and counted.

    Raises:
        NoChoicesError: If there is no decided main trial.
    """
    trials = main_trials(choices, compare)
    if trials.empty:
        raise NoChoicesError("decided main trial")
    people = per_participant(trials, level)
    rates = people["rate"].to_numpy(np.float64)
    by_participant = participant_t(rates, level)
    t = (by_participant.mean - 0.5) / by_participant.se if by_participant.se > 0 else float("nan")
    responses = _shown(choices, compare)["response"].value_counts()
    return Rate(
        condition=compare[0],
        pooled=two_way_of(trials, "selected", level),
        by_participant=by_participant,
        sd=float(rates.std(ddof=1)) if len(rates) > 1 else float("nan"),
        t=t,
        p_value=float(2 * stats.t.sf(abs(t), len(rates) - 1)) if np.isfinite(t) else float("nan"),
        phi=overdispersion(people["selected"].to_numpy(np.float64), people["n"].to_numpy(np.float64)),
        n_participants=len(people),
        n_prompts=int(trials["prompt"].nunique()),
        n_choices=len(trials),
        n_ties=int(responses.get("tie", 0)),
        n_skips=int(responses.get("skip", 0)),
    )


def _shown(choices: pd.DataFrame, compare: tuple[str, str]) -> pd.DataFrame:
    a, b = compare
    left, right = choices["left_condition"], choices["right_condition"]
    pair = ((left == a) & (right == b)) | ((left == b) & (right == a))
    return choices[(choices["purpose"] == "main") & pair]


def _two_way_variance(residuals: Numbers, participants: Codes, prompts: Codes) -> float:
    cells = np.unique(participants * (int(prompts.max()) + 1) + prompts, return_inverse=True)[1]
    v_p, v_q, v_0 = (_cluster_variance(residuals, codes) for codes in (participants, prompts, cells))
    return max(v_p + v_q - v_0, v_p, v_q)


def _cluster_variance(residuals: Numbers, codes: Codes) -> float:
    sums = np.bincount(codes, weights=residuals)
    groups = np.count_nonzero(np.bincount(codes))
    return float(groups / (groups - 1) * (sums**2).sum() / len(residuals) ** 2)


def _interval(mean: float, se: float, groups: int, level: float, estimator: str) -> Interval:
    if groups < 2:
        return Interval(np.nan, np.nan, level, "not estimable with one cluster")
    if se == 0.0:
        low, high = proportion_confint(mean * groups, groups, alpha=1 - level, method="wilson")
        return Interval(float(low), float(high), level, f"Wilson with n = {groups}, as no cluster varied")
    half = float(stats.t.ppf((1 + level) / 2, groups - 1)) * se
    return Interval(max(0.0, mean - half), min(1.0, mean + half), level, estimator, groups - 1)

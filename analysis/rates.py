"""Selection rates: how often one condition was chosen, with participants and prompts as clusters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.clusters import Codes, Numbers, cluster_variance, number_of_groups
from analysis.errors import NoChoicesError, NotEstimableError
from analysis.heterogeneity import shrink

ESTIMATORS = {1: "cluster-robust t (participants)", 2: "two-way cluster-robust t (participants and prompts)"}
"""How an interval is called, by the number of its clusterings."""


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

    `pooled` weighs each choice alike (clustered by what the plan generalises over); `by_participant` weighs each
    participant alike (t interval). `sd` is that of the participants' rates, `t` and `p_value` test the pooled rate
    against one half, two-sided.
    """

    condition: str
    pooled: Estimate
    by_participant: Estimate
    sd: float
    t: float
    p_value: float
    n_participants: int
    n_prompts: int
    n_choices: int
    n_ties: int
    n_skips: int


def main_trials(choices: pd.DataFrame, compare: tuple[str, str], ties: str = "drop") -> pd.DataFrame:
    """Return the main trials of one pair that count: purpose 'main', answered left or right, or a tie as one half.

    Args:
        choices: Rows with the columns of a choice.
        compare: The two conditions of a main trial; the selection of the first is counted.
        ties: 'drop' leaves ties out, 'half' counts each as one half; skips are always left out.

    Returns:
        Columns participant, prompt, item_id, selected (0, 0.5 or 1), left (0, 0.5 or 1: the left side was chosen),
        side (0.5 where the first condition was on the left, else -0.5), session, trial_index and rt_ms.
    """
    counted = ["left", "right", "tie"] if ties == "half" else ["left", "right"]
    shown = _shown(choices, compare)
    decided = shown[shown["response"].isin(counted)]
    first_left = decided["left_condition"] == compare[0]
    left = decided["response"].map({"left": 1.0, "tie": 0.5, "right": 0.0}).astype("float64")
    kept = ["participant", "prompt", "item_id", "session", "trial_index", "rt_ms"]
    return decided[kept].assign(
        selected=left.where(first_left, 1 - left), left=left, side=first_left.map({True: 0.5, False: -0.5})
    )


def per_group(trials: pd.DataFrame, by: str = "participant", level: float = 0.95) -> pd.DataFrame:
    """Return the selection rate of each participant or prompt, with three intervals.

    Args:
        trials: Result of `main_trials`.
        by: 'participant' or 'prompt'.
        level: Confidence level in (0, 1).

    Returns:
        Sorted by group: the group, selected, n, rate; low and high (Wilson); jeffreys_low and jeffreys_high; and
        shrunk, shrunk_low, shrunk_high: drawn towards the mean by as much as the groups are alike. Rates in [0, 1].

    Source:
        Wilson (1927) and Jeffreys, see Brown, Cai and DasGupta (2001), Statistical Science 16(2); `betabinomial`.
    """
    table = trials.groupby(by, sort=True)["selected"].agg(selected="sum", n="count").reset_index()
    selected, n = table["selected"].to_numpy(np.float64), table["n"].to_numpy(np.float64)
    wilson = proportion_confint(selected, n, alpha=1 - level, method="wilson")
    jeffreys = proportion_confint(selected, n, alpha=1 - level, method="jeffreys")
    ends = {"low": wilson[0], "high": wilson[1], "jeffreys_low": jeffreys[0], "jeffreys_high": jeffreys[1]}
    return table.assign(rate=selected / n, **ends, **shrink(selected, n, level))


def per_participant(trials: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return `per_group` of the participants."""
    return per_group(trials, "participant", level)


def clustered(values: Numbers, clusters: Sequence[Codes], level: float = 0.95) -> Estimate:
    """Return the mean of values with an interval that is robust to one or two crossed clusterings.

    With two, the variance is V_p + V_q - V_0 (each with G/(G-1)), never less than the larger of V_p and V_q; t
    quantiles with min(G_p, G_q) - 1 degrees of freedom; ends clipped to [0, 1]. Where the clusters do not vary (every
    choice the same) the sandwich says nothing, and a Wilson interval with n = min(G_p, G_q) stands in.

    Args:
        values: A number in [0, 1] for each choice, shape (choices,).
        clusters: One or two arrays of codes, 0-based, each of shape (choices,).
        level: Confidence level in (0, 1).

    Raises:
        NotEstimableError: If there is no value, or one is not a number.

    Source:
        Cameron, Gelbach and Miller (2011), Journal of Business and Economic Statistics 29(2).
    """
    if len(values) == 0 or not np.isfinite(values).all():
        raise NotEstimableError("selection rate", "no value, or one that is not a number", "numbers in [0, 1]")
    mean, groups = float(values.mean()), min(number_of_groups(codes) for codes in clusters)
    se = float(np.sqrt(cluster_variance(values - mean, clusters))) if groups > 1 else np.nan
    return Estimate(mean, se, _interval(mean, se, groups, level, ESTIMATORS[len(clusters)]), len(values))


def two_way(values: Numbers, participants: Codes, prompts: Codes, level: float = 0.95) -> Estimate:
    """Return `clustered` by participants and prompts, the default of every rate."""
    return clustered(values, [participants, prompts], level)


def codes_of(trials: pd.DataFrame, names: Sequence[str]) -> list[Codes]:
    """Return integer codes of columns of a frame, one array for each name."""
    return [pd.factorize(trials[name])[0].astype(np.int64) for name in names]


def rate_of(
    trials: pd.DataFrame, column: str, level: float = 0.95, clusters: Sequence[str] = ("participant", "prompt")
) -> Estimate:
    """Return `clustered` of one column of a frame, by the columns that are named."""
    return clustered(trials[column].to_numpy(np.float64), codes_of(trials, clusters), level)


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


def selection_rate(
    choices: pd.DataFrame,
    compare: tuple[str, str],
    level: float = 0.95,
    *,
    ties: str = "drop",
    clusters: Sequence[str] = ("participant", "prompt"),
) -> Rate:
    """Return how often the first of two conditions was chosen; ties and skips are counted.

    Args:
        choices: Rows with the columns of a choice.
        compare: The condition that is counted, and the one it was compared with.
        level: Confidence level in (0, 1).
        ties: 'drop' or 'half', see `main_trials`.
        clusters: What the interval generalises over.

    Raises:
        NoChoicesError: If there is no decided main trial.
    """
    trials = main_trials(choices, compare, ties)
    if trials.empty:
        raise NoChoicesError("decided main trial")
    rates = trials.groupby("participant")["selected"].mean().to_numpy(np.float64)
    pooled = rate_of(trials, "selected", level, clusters)
    t = (pooled.mean - 0.5) / pooled.se if pooled.se > 0 else float("nan")
    responses = _shown(choices, compare)["response"].value_counts()
    return Rate(
        condition=compare[0],
        pooled=pooled,
        by_participant=participant_t(rates, level),
        sd=float(rates.std(ddof=1)) if len(rates) > 1 else float("nan"),
        t=t,
        p_value=float(2 * stats.t.sf(abs(t), pooled.interval.df)) if np.isfinite(t) else float("nan"),
        n_participants=len(rates),
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


def _interval(mean: float, se: float, groups: int, level: float, estimator: str) -> Interval:
    if groups < 2:
        return Interval(np.nan, np.nan, level, "not estimable with one cluster")
    if se == 0.0:
        low, high = proportion_confint(mean * groups, groups, alpha=1 - level, method="wilson")
        return Interval(float(low), float(high), level, f"Wilson with n = {groups}, as no cluster varied")
    half = float(stats.t.ppf((1 + level) / 2, groups - 1)) * se
    return Interval(max(0.0, mean - half), min(1.0, mean + half), level, estimator, groups - 1)

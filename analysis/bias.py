"""Did people look, and did anything but the images move them: sides, order, carry-over, speed, catch trials."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.clusters import cluster_variance
from analysis.errors import NotEstimableError
from analysis.glmm import Glmm, fit
from analysis.rates import Estimate, codes_of, main_trials, participant_t, rate_of

_KEYS = ["participant", "session", "trial_index"]
LARGEST_MODEL = 60_000


@dataclass(frozen=True)
class Controls:
    """The controls of a study; none where there was no such trial."""

    left: Estimate
    repeats: Estimate | None
    catch: Estimate | None


def controls(choices: pd.DataFrame, compare: tuple[str, str], level: float = 0.95) -> Controls:
    """Return P(left) in main trials (two-way interval), repeat consistency and catch accuracy (t over participants)."""
    return Controls(
        left=rate_of(main_trials(choices, compare), "left", level),
        repeats=_estimate(repeated(choices), "same", level),
        catch=_estimate(caught(choices), "right_answer", level),
    )


def repeated(choices: pd.DataFrame) -> pd.DataFrame:
    """Return decided repeat trials beside their first showing.

    Returns:
        Columns participant, prompt and same (1 where the same condition was chosen both times).
    """
    first = choices[[*_KEYS, "chosen"]].rename(columns={"trial_index": "repeat_of", "chosen": "first_chosen"})
    again = choices[(choices["purpose"] == "repeat") & choices["repeat_of"].notna() & choices["chosen"].notna()]
    again = again.astype({"repeat_of": "int64"})
    both = again.merge(first, on=["participant", "session", "repeat_of"]).dropna(subset=["first_chosen"])
    same = (both["chosen"] == both["first_chosen"]).astype("int64")
    return both[["participant", "prompt"]].assign(same=same)


def caught(choices: pd.DataFrame) -> pd.DataFrame:
    """Return answered catch trials.

    Returns:
        Columns participant, prompt and right_answer (0/1).
    """
    catch = choices[(choices["purpose"] == "catch") & choices["correct"].notna()]
    return catch[["participant", "prompt"]].assign(right_answer=catch["correct"].astype("int64"))


def lapse_bound(catch: pd.DataFrame, level: float = 0.95) -> float:
    """Return the upper bound on the lapse rate that catch trials allow.

    A person who does not look is right half of the time, so lapses are twice the misses. The bound on the misses is
    the upper end of the Clopper-Pearson interval with the effective number of trials, as those who do not look miss
    several; where nobody missed any, the number of trials itself.

    Args:
        catch: Result of `caught`.
        level: Level of the two-sided interval whose upper end is taken.

    Source:
        Korn and Graubard (1998), Survey Methodology 24(2).
    """
    n = len(catch)
    if n == 0:
        return 1.0
    missed = 1.0 - catch["right_answer"].to_numpy(np.float64)
    share, effective = float(missed.mean()), float(n)
    people = codes_of(catch, ["participant"])
    if 0 < share < 1 and people[0].max() > 0:
        variance = cluster_variance(missed - share, people)
        effective = min(float(n), share * (1 - share) / variance)
    upper = float(np.asarray(proportion_confint(share * effective, effective, alpha=1 - level, method="beta")[1]))
    return min(1.0, 2 * upper)


def side_bias(trials: pd.DataFrame) -> pd.DataFrame:
    """Return how each participant used the sides.

    Args:
        trials: Result of `rates.main_trials`.

    Returns:
        Columns participant, n, left (P(left chosen)), selected (P(first condition chosen)), shown_left (share of
        trials with it on the left), criterion (c > 0: leans to the right) and d_prime, from counts with one half added.

    Source:
        Macmillan and Creelman (2005), Detection Theory, chapters 2 and 7; Hautus (1995) for the added half.
    """
    on_left = trials["side"] > 0
    table = trials.assign(hit=trials["left"].where(on_left), alarm=trials["left"].where(~on_left), on_left=on_left)
    means = table.groupby("participant", sort=True).agg(
        n=("left", "size"), left=("left", "mean"), selected=("selected", "mean"), shown_left=("on_left", "mean")
    )
    z = {}
    for name in ("hit", "alarm"):
        sums = table.groupby("participant", sort=True)[name].agg(["sum", "count"])
        z[name] = stats.norm.ppf((sums["sum"] + 0.5) / (sums["count"] + 1))
    return means.assign(
        criterion=-(z["hit"] + z["alarm"]) / 2, d_prime=(z["hit"] - z["alarm"]) / np.sqrt(2)
    ).reset_index()


def bias_model(trials: pd.DataFrame, level: float = 0.95, *, slope: bool = True) -> Glmm | None:
    """Return the mixed model of what moves a choice beside the images; none where it cannot be fitted.

    Fixed effects, on the scale of the log-odds of choosing the first condition: `side` (on the left against on the
    right), `order` (last trial against first) and `previous` (on the side that was chosen just before against on the
    other). With `slope`, participants differ in their side bias.

    Args:
        trials: Result of `rates.main_trials`.
        level: Of the fixed effects' intervals.
        slope: Whether the side has a random slope over participants.
    """
    if len(trials) > LARGEST_MODEL:
        return None
    ordered = trials.sort_values(["participant", "session", "trial_index"], kind="stable")
    sessions = ordered.groupby(["participant", "session"], sort=False)
    place, last = sessions.cumcount(), sessions["left"].transform("size") - 1
    before = sessions["left"].shift().fillna(0.5) - 0.5
    fixed = {
        "side": ordered["side"].to_numpy(np.float64),
        "order": (place / last.clip(lower=1) - 0.5).to_numpy(np.float64),
        "previous": (2 * before * ordered["side"]).to_numpy(np.float64),
    }
    groups = {name: ordered[name].tolist() for name in ("participant", "prompt")}
    slopes = {"side | participant": ("participant", fixed["side"])} if slope else None
    try:
        return fit(ordered["selected"].to_numpy(np.float64), fixed, groups, slopes=slopes, level=level)
    except (NotEstimableError, np.linalg.LinAlgError):
        return None


def halves(trials: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Return differences of the selection rate within participants: late less early, fast less slow.

    Returns:
        Columns contrast, difference, se, low, high, p_value, participants; t over participants. Response times that
        were not recorded leave out the second row.
    """
    place = trials.groupby(["participant", "session"])["trial_index"].rank(pct=True)
    splits = {"second half − first half": place > 0.5}
    if trials["rt_ms"].notna().all():
        middle = trials.groupby("participant")["rt_ms"].transform("median")
        splits["faster half − slower half"] = trials["rt_ms"] < middle
    rows = [(name, *_within(trials, split, level)) for name, split in splits.items()]
    return pd.DataFrame(rows, columns=["contrast", "difference", "se", "low", "high", "p_value", "participants"])


def _within(trials: pd.DataFrame, split: pd.Series, level: float) -> tuple[float, ...]:
    table = trials.groupby(["participant", split.rename("half")])["selected"].mean().unstack()
    if table.shape[1] < 2 or len(table.dropna()) < 2:
        return (*[float("nan")] * 5, float(len(table)))
    gaps = (table[True] - table[False]).dropna().to_numpy(np.float64)
    mean, se = float(gaps.mean()), float(stats.sem(gaps))
    half = float(stats.t.ppf((1 + level) / 2, len(gaps) - 1)) * se
    p = float(2 * stats.t.sf(abs(mean) / se, len(gaps) - 1)) if se > 0 else float("nan")
    return mean, se, mean - half, mean + half, p, float(len(gaps))


def _estimate(frame: pd.DataFrame, column: str, level: float) -> Estimate | None:
    rates = frame.groupby("participant")[column].mean().to_numpy(np.float64)
    return participant_t(rates, level) if len(rates) else None

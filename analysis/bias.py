"""Did people look: side bias, consistency of repeated trials, accuracy of catch trials."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from analysis.rates import Estimate, main_trials, participant_t, two_way_of

_KEYS = ["participant", "session", "trial_index"]


@dataclass(frozen=True)
class Controls:
    """The controls of a study; none where there was no such trial."""

    left: Estimate
    repeats: Estimate | None
    catch: Estimate | None


def controls(choices: pd.DataFrame, compare: tuple[str, str], level: float = 0.95) -> Controls:
    """Return P(left) in main trials (two-way interval), repeat consistency and catch accuracy (t over participants)."""
    return Controls(
        left=two_way_of(main_trials(choices, compare), "left", level),
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


def lapse_bound(misses: int, trials: int, level: float = 0.95) -> float:
    """Return the upper bound on the lapse rate that catch trials allow.

    A person who does not look is right half of the time, so lapses are twice the misses; the bound on the misses is
    the upper end of the Clopper-Pearson interval, which takes catch trials as independent.

    Args:
        misses: Catch trials answered wrongly.
        trials: Catch trials answered.
        level: Level of the two-sided interval whose upper end is taken.
    """
    if trials == 0:
        return 1.0
    upper = float(np.asarray(proportion_confint(misses, trials, alpha=1 - level, method="beta")[1]))
    return min(1.0, 2 * upper)


def _estimate(frame: pd.DataFrame, column: str, level: float) -> Estimate | None:
    rates = frame.groupby("participant")[column].mean().to_numpy(np.float64)
    return participant_t(rates, level) if len(rates) else None

"""The same question asked in every defensible way: a specification curve.

Source:
    Simonsohn, Simmons and Nelson (2020), Nature Human Behaviour 4.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import NoChoicesError
from analysis.estimators import rate_model
from analysis.exclude import RULES, exclude, first_sessions, one_mode
from analysis.plan import AnalysisPlan
from analysis.rates import main_trials, participant_t, rate_of

LARGEST_MODEL = 20_000  # choices; a curve fits many models, so it stops earlier than a single one
COLUMNS = ["exclusions", "ties", "estimator", "participants", "choices", "rate", "low", "high", "declared"]


def specifications(choices: pd.DataFrame, compare: tuple[str, str], plan: AnalysisPlan) -> pd.DataFrame:
    """Return the selection rate under every set of exclusions, rule for ties and estimator.

    Args:
        choices: Every row of a study.
        compare: The condition that is counted, and the one it was compared with.
        plan: Its own combination is marked `declared`.

    Returns:
        Columns `COLUMNS`, sorted by rate; sets of exclusions that keep the same participants stand once.
    """
    rows = []
    for name, kept in _exclusion_sets(choices, plan):
        rules = ("drop", "half") if (kept["response"] == "tie").any() else (plan.rules.ties,)
        for ties in rules:
            trials = main_trials(kept, compare, ties)
            if not trials.empty:
                rows += [(name, ties, *row) for row in _rates(trials, plan.level)]
    table = pd.DataFrame(rows, columns=COLUMNS[:-1])
    default = "two-way cluster t" if len(plan.clusters) > 1 else "participant-cluster t"
    is_declared = (table["ties"] == plan.rules.ties) & (table["estimator"] == default)
    table["declared"] = is_declared & table["exclusions"].str.startswith("all declared")
    return table.sort_values(["rate", "estimator"], kind="stable", ignore_index=True)


def _exclusion_sets(choices: pd.DataFrame, plan: AnalysisPlan) -> Iterator[tuple[str, pd.DataFrame]]:
    seen: dict[tuple[str, ...], str] = {}
    sets = {"all declared": RULES, **{f"only {rule}": (rule,) for rule in RULES}}
    everybody = first_sessions(one_mode(choices)[0])
    nobody_out = tuple(sorted(everybody["participant"].unique()))
    sets_of_rows = {"nobody excluded": (everybody, nobody_out)}
    for name, only in sets.items():
        try:
            rows, flow = exclude(choices, plan.rules, only=only)
        except NoChoicesError:
            continue
        sets_of_rows[name] = (rows, flow.kept)
    for name in ("all declared", "nobody excluded", *(n for n in sets if n != "all declared")):
        if name in sets_of_rows and sets_of_rows[name][1] not in seen:
            seen[sets_of_rows[name][1]] = name
            removes_nobody = name == "all declared" and sets_of_rows[name][1] == nobody_out
            yield f"{name}: nobody excluded" if removes_nobody else name, sets_of_rows[name][0]


def _rates(trials: pd.DataFrame, level: float) -> Iterator[tuple[object, ...]]:
    counts = (int(trials["participant"].nunique()), len(trials))
    ways = {"two-way cluster t": ("participant", "prompt"), "participant-cluster t": ("participant",)}
    for name, clusters in ways.items():
        found = rate_of(trials, "selected", level, clusters)
        yield name, *counts, found.mean, found.interval.low, found.interval.high
    rates = trials.groupby("participant")["selected"].mean().to_numpy(np.float64)
    alike = participant_t(rates, level)
    yield "participant t", *counts, alike.mean, alike.interval.low, alike.interval.high
    balanced = _balanced(trials, level)
    yield "sides balanced", *counts, *balanced
    model = rate_model(trials, level) if len(trials) <= LARGEST_MODEL else None
    if model is not None:
        mean, se = model.marginal(np.ones(1))
        half = stats.norm.ppf((1 + level) / 2) * se
        yield "GLMM, marginal", *counts, mean, max(0.0, mean - half), min(1.0, mean + half)


def _balanced(trials: pd.DataFrame, level: float) -> tuple[float, float, float]:
    """Return the rate with both sides weighted alike, so that a side bias cannot move it."""
    weight = 0.5 / trials["side"].map(trials["side"].value_counts(normalize=True))
    values = 0.5 + weight * (trials["selected"] - 0.5)
    found = rate_of(trials.assign(balanced=values), "balanced", level)
    return found.mean, found.interval.low, found.interval.high

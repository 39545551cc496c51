"""Whose choices count: one mode, then declared rules that never see which condition was chosen."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from analysis.errors import NoChoicesError
from stimuli.studyfile import AnalysisTable

MODES = ("live", "pilot", "preview", "bot")
"""Never mixed; the first that is present is analysed, so bots only where there is nobody else."""

BLIND = ["participant", "purpose", "correct", "rt_ms", "response"]
"""All that an exclusion rule may look at: the side that was answered, and not what was on it."""

RULES = ("min_main_trials", "min_catch_accuracy", "min_median_rt_ms", "max_one_side")
"""The rules that exclude participants, in the order in which they apply; keys of `[analysis]`."""

ENOUGH_FOR_A_SIDE = 10
"""Fewer decided main trials than this can lie on one side by chance, and the rule leaves them alone."""


@dataclass(frozen=True)
class Step:
    """One line of the flow of participants: a rule, how many it removed, how many remained."""

    rule: str
    removed: int
    remained: int


@dataclass(frozen=True)
class Flow:
    """From the participants found to the participants kept; rows that were left out before stand beside."""

    mode: str
    dropped_modes: dict[str, int]
    second_sessions: int
    flagged_trials: int
    found: int
    steps: tuple[Step, ...]
    kept: tuple[str, ...]
    without_catch: int


def one_mode(choices: pd.DataFrame) -> tuple[pd.DataFrame, str, dict[str, int]]:
    """Return the rows of the one mode that is analysed, its name, and the rows dropped from each other mode."""
    counts = choices["mode"].value_counts()
    mode = next((m for m in MODES if m in counts), None)
    if mode is None:
        raise NoChoicesError("choices")
    dropped = {m: int(counts[m]) for m in MODES if m in counts and m != mode}
    return choices[choices["mode"] == mode], mode, dropped


def first_sessions(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each participant's first session; whoever came twice knows the images already."""
    first = trials.groupby("participant", sort=False)["session"].transform("first")
    return trials[trials["session"] == first]


def screen(trials: pd.DataFrame) -> pd.DataFrame:
    """Return what the rules look at, one row for each participant.

    Args:
        trials: Rows of one mode; only the columns `BLIND` are used.

    Returns:
        Index participant (sorted); columns main_trials, median_rt_ms (main trials), catch_trials, catch_accuracy
        ([0, 1], missing where there was no catch trial), and one_side: the share of decided main trials on the side
        that was chosen more often (missing below `ENOUGH_FOR_A_SIDE` trials).
    """
    main, catch = (trials[trials["purpose"] == p].groupby("participant") for p in ("main", "catch"))
    people = pd.Index(sorted(trials["participant"].unique()), name="participant")
    decided = trials[(trials["purpose"] == "main") & trials["response"].isin(["left", "right"])]
    sides = decided["response"].eq("left").groupby(decided["participant"]).agg(["mean", "count"])
    one_side = sides["mean"].where(sides["mean"] >= 0.5, 1 - sides["mean"]).where(sides["count"] >= ENOUGH_FOR_A_SIDE)
    columns = {
        "main_trials": main.size().reindex(people, fill_value=0),
        "median_rt_ms": main["rt_ms"].median().reindex(people),
        "catch_trials": catch["correct"].count().reindex(people, fill_value=0),
        "catch_accuracy": catch["correct"].mean().astype("float64").reindex(people),
        "one_side": one_side.reindex(people),
    }
    return pd.DataFrame(columns, index=people)


def exclude(choices: pd.DataFrame, rules: AnalysisTable, *, only: Collection[str] = RULES) -> tuple[pd.DataFrame, Flow]:
    """Apply the declared rules, in order, to the one mode that is analysed.

    Args:
        choices: Every row of a study.
        rules: The study file's `[analysis]` table.
        only: The rules that apply, members of `RULES`; for a specification curve.

    Returns:
        The rows of the participants kept, and the flow that led to them.

    Raises:
        NoChoicesError: If nobody is left.
    """
    of_mode, mode, dropped = one_mode(choices)
    once = first_sessions(of_mode)
    rows = once[~_flagged(once, rules.drop_flags)]
    seen = screen(rows[BLIND])
    out = pd.Series(False, index=seen.index)
    steps = []
    for key, words, hit in _declared(seen, rules):
        if key in only:
            removed = int((hit & ~out).sum())
            out |= hit
            steps.append(Step(words, removed, int((~out).sum())))
    kept = tuple(seen.index[~out])
    if not kept:
        raise NoChoicesError("participant that passes the exclusion rules")
    without = int((seen.loc[list(kept), "catch_trials"] == 0).sum())
    left_out = (len(of_mode) - len(once), len(once) - len(rows))
    return rows[rows["participant"].isin(kept)], Flow(mode, dropped, *left_out, len(seen), tuple(steps), kept, without)


def _declared(seen: pd.DataFrame, rules: AnalysisTable) -> list[tuple[str, str, pd.Series]]:
    few = "no main trial" if rules.min_main_trials == 1 else f"fewer than {rules.min_main_trials} main trials"
    careless = f"catch accuracy below {100 * rules.min_catch_accuracy:g} %"
    fast = f"median response below {rules.min_median_rt_ms:g} ms"
    one_side = f"one side in more than {100 * rules.max_one_side:g} % of main trials"
    return [
        ("min_main_trials", few, seen["main_trials"] < rules.min_main_trials),
        ("min_catch_accuracy", careless, seen["catch_accuracy"] < rules.min_catch_accuracy),
        ("min_median_rt_ms", fast, seen["median_rt_ms"] < rules.min_median_rt_ms),
        ("max_one_side", one_side, seen["one_side"] > rules.max_one_side),
    ]


def _flagged(trials: pd.DataFrame, flags: Collection[str]) -> pd.Series:
    marks = trials["flags"].str.split(",").explode().str.strip()
    return marks.isin(list(flags)).groupby(level=0).any().reindex(trials.index)

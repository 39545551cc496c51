"""Whose choices count: one mode, then declared rules that never see which condition was chosen."""

from dataclasses import dataclass

import pandas as pd

from analysis.errors import NoChoicesError
from stimuli.studyfile import AnalysisTable

MODES = ("live", "pilot", "preview", "bot")
"""Never mixed; the first that is present is analysed, so bots only where there is nobody else."""

BLIND = ["participant", "purpose", "correct", "rt_ms"]
"""All that an exclusion rule may look at."""


@dataclass(frozen=True)
class Step:
    """One line of the flow of participants: a rule, how many it removed, how many remained."""

    rule: str
    removed: int
    remained: int


@dataclass(frozen=True)
class Flow:
    """From the participants found to the participants kept."""

    mode: str
    dropped_modes: dict[str, int]
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


def screen(trials: pd.DataFrame) -> pd.DataFrame:
    """Return what the rules look at, one row for each participant.

    Args:
        trials: Rows of one mode; only the columns `BLIND` are used.

    Returns:
        Index participant (sorted); columns main_trials, median_rt_ms (main trials), catch_trials, catch_accuracy
        ([0, 1], missing where there was no catch trial).
    """
    main, catch = (trials[trials["purpose"] == p].groupby("participant") for p in ("main", "catch"))
    people = pd.Index(sorted(trials["participant"].unique()), name="participant")
    columns = {
        "main_trials": main.size().reindex(people, fill_value=0),
        "median_rt_ms": main["rt_ms"].median().reindex(people),
        "catch_trials": catch["correct"].count().reindex(people, fill_value=0),
        "catch_accuracy": catch["correct"].mean().astype("float64").reindex(people),
    }
    return pd.DataFrame(columns, index=people)


def exclude(choices: pd.DataFrame, rules: AnalysisTable) -> tuple[pd.DataFrame, Flow]:
    """Apply the declared rules, in order, to the one mode that is analysed.

    Args:
        choices: Every row of a study.
        rules: The study file's `[analysis]` table.

    Returns:
        The rows of the participants kept, and the flow that led to them.

    Raises:
        NoChoicesError: If nobody is left.
    """
    rows, mode, dropped = one_mode(choices)
    seen = screen(rows[BLIND])
    declared = [
        ("no main trial", seen["main_trials"] == 0),
        (
            f"catch accuracy below {100 * rules.min_catch_accuracy:g} %",
            seen["catch_accuracy"] < rules.min_catch_accuracy,
        ),
        (f"median response below {rules.min_median_rt_ms:g} ms", seen["median_rt_ms"] < rules.min_median_rt_ms),
    ]
    out = pd.Series(False, index=seen.index)
    steps = []
    for rule, hit in declared:
        removed = int((hit & ~out).sum())
        out |= hit
        steps.append(Step(rule, removed, int((~out).sum())))
    kept = tuple(seen.index[~out])
    if not kept:
        raise NoChoicesError("participant that passes the exclusion rules")
    without = int((seen.loc[list(kept), "catch_trials"] == 0).sum())
    flow = Flow(mode, dropped, len(seen), tuple(steps), kept, without)
    return rows[rows["participant"].isin(kept)], flow

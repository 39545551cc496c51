"""Paired comparisons: who was shown which two conditions, and how often each was chosen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import NoChoicesError, PairsError

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

SIDES = ["left_condition", "right_condition"]


@dataclass(frozen=True)
class Pairs:
    """Comparisons of K conditions; row r says that `first[r]` was chosen over `second[r]` in wins[r] of n[r] showings.

    `first` (shown on the left, or first) and `second` are codes into `conditions`, `participants` codes of people, all
    of shape (rows,); `participants` is none where nobody recorded who chose.
    """

    conditions: tuple[str, ...]
    first: Codes
    second: Codes
    wins: Numbers
    n: Numbers
    participants: Codes | None

    @property
    def n_participants(self) -> int:
        """How many people chose; 0 where it is not known."""
        return 0 if self.participants is None else len(np.unique(self.participants))

    @property
    def n_choices(self) -> float:
        """How many choices were made."""
        return float(self.n.sum())

    def matrix(self) -> Numbers:
        """Return wins[i, j], how often condition i was chosen over j, shape (K, K)."""
        count = len(self.conditions)
        cells = np.zeros((count, count))
        np.add.at(cells, (self.first, self.second), self.wins)
        np.add.at(cells, (self.second, self.first), self.n - self.wins)
        return cells


def decided(choices: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in which one of two conditions was chosen; ties, skips and trials not 'main' are left out.

    Args:
        choices: Columns left_condition, right_condition and chosen (the name of one of them), and where known purpose.

    Raises:
        NoChoicesError: If nothing was decided.
        PairsError: If a condition was compared with itself, or another one was chosen than the two that were shown.
    """
    main = choices[choices["purpose"] == "main"] if "purpose" in choices else choices
    rows = main[main["chosen"].notna()]
    if rows.empty:
        raise NoChoicesError("decided comparison")
    left, right, chosen = (rows[name] for name in (*SIDES, "chosen"))
    if rows[SIDES].isna().any(axis=None):
        raise PairsError("trials without the name of a condition", "two conditions in each trial")
    strange = np.flatnonzero((left == right) | ((chosen != left) & (chosen != right)))
    if len(strange):
        raise PairsError(
            f"row {rows.index[strange[0]] + 1}, where no one of two conditions was chosen", "a choice of two"
        )
    return rows


def pairs_of(choices: pd.DataFrame) -> Pairs:
    """Return the decided comparisons of a frame of choices, counted for each participant and ordered pair.

    Args:
        choices: As for `decided`; with a column participant where it is known who chose.

    Raises:
        NoChoicesError: If nothing was decided.
        PairsError: If a condition was compared with itself, or another one was chosen than the two that were shown.
    """
    rows = decided(choices)
    by = [*(["participant"] if "participant" in rows else []), *SIDES]
    won = (rows["chosen"] == rows["left_condition"]).astype(np.float64)
    counts = rows.assign(won=won).groupby(by, sort=True)["won"].agg(["sum", "count"]).reset_index()
    return pairs_of_counts(
        counts["left_condition"], counts["right_condition"], counts["sum"], counts["count"], counts.get("participant")
    )


def pairs_of_counts(
    first: pd.Series, second: pd.Series, wins: pd.Series, n: pd.Series, participants: pd.Series | None = None
) -> Pairs:
    """Return comparisons that are counted already; conditions and participants are named, and sorted by name.

    Raises:
        PairsError: If a count is negative, missing, or larger than the number of showings.
    """
    counted, total = wins.to_numpy(np.float64), n.to_numpy(np.float64)
    if not ((counted >= 0) & (counted <= total)).all():
        raise PairsError("counts that are missing, negative or above their total", "wins from 0 to the number shown")
    names = sorted({*first.astype(str), *second.astype(str)})
    codes = {name: code for code, name in enumerate(names)}
    people = None if participants is None else pd.factorize(participants, sort=True)[0].astype(np.int64)
    one, other = (side.astype(str).map(codes).to_numpy(np.int64) for side in (first, second))
    return Pairs(tuple(names), one, other, counted, total, people)

"""Selection rates of the DynaVect study, computed again: rows of `analysis.validate`."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

DYNAVECT = "dynavect_long.csv"


def dynavect(path: Path, baseline: str | None = None) -> pd.DataFrame:
    """Return the trials of the DynaVect study: columns participant, prompt, selected (0/1) and left (0/1)."""
    frame = pd.read_csv(path)
    frame = frame if baseline is None else frame[frame["baseline"] == baseline]
    return pd.DataFrame(
        {
            "participant": frame["participant_id"],
            "prompt": frame["item_id"],
            "selected": frame["chosen_is_ours"],
            "left": (frame["response"] == "left").astype("int64"),
        }
    ).reset_index(drop=True)


def of_baseline(
    compute: Callable[[pd.DataFrame], tuple[float, ...]], baseline: str | None = None
) -> Callable[[Path], tuple[float, ...]]:
    """Return a function of the file's path that computes something of one baseline's trials."""
    return lambda path: compute(dynavect(path, baseline))


def _percent_and_count(trials: pd.DataFrame) -> tuple[float, float]:
    return 100 * float(trials["selected"].mean()), float(len(trials))


def _items_won(trials: pd.DataFrame) -> tuple[float, float]:
    rates = trials.groupby("prompt")["selected"].mean()
    return float((rates > 0.5).sum()), float(len(rates))


OPTIMIZER, GLOBAL = "styleclip_o", "styleclip_g"
RATES = (
    ("A1", "DynaVect v Optimizer: %, n", DYNAVECT, (58.88, 1571), 0.005, of_baseline(_percent_and_count, OPTIMIZER)),
    ("A1", "DynaVect v Global: %, n", DYNAVECT, (60.34, 1576), 0.005, of_baseline(_percent_and_count, GLOBAL)),
    ("A2", "DynaVect v Optimizer: items won, items", DYNAVECT, (24, 29), 0, of_baseline(_items_won, OPTIMIZER)),
    ("A2", "DynaVect v Global: items won, items", DYNAVECT, (26, 29), 0, of_baseline(_items_won, GLOBAL)),
)
"""Arguments of `analysis.validate.Check`."""

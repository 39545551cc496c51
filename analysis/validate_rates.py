"""Selection rates of the DynaVect study, computed again: rows of `analysis.validate`."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.estimators import estimators
from analysis.heterogeneity import betabinomial, overdispersion
from analysis.rates import per_group, rate_of

DYNAVECT = "dynavect_long.csv"


def dynavect(path: Path, baseline: str | None = None) -> pd.DataFrame:
    """Return the trials of the DynaVect study: columns participant, prompt, selected, left (0/1) and side (±0.5)."""
    frame = pd.read_csv(path)
    frame = frame if baseline is None else frame[frame["baseline"] == baseline]
    return pd.DataFrame(
        {
            "participant": frame["participant_id"],
            "prompt": frame["item_id"],
            "selected": frame["chosen_is_ours"],
            "left": (frame["response"] == "left").astype("int64"),
            "side": np.where(frame["left_condition"] == "ours", 0.5, -0.5),
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


def _beta(trials: pd.DataFrame) -> tuple[float, float]:
    people = per_group(trials)
    found = betabinomial(people["selected"].to_numpy(np.float64), people["n"].to_numpy(np.float64))
    return found.mu, found.gamma


def _two_way(trials: pd.DataFrame) -> tuple[float, float]:
    ends = rate_of(trials, "selected").interval
    return ends.low, ends.high


def _dispersion(trials: pd.DataFrame) -> tuple[float]:
    people = per_group(trials)
    return (overdispersion(people["selected"].to_numpy(np.float64), people["n"].to_numpy(np.float64)),)


def _tests(trials: pd.DataFrame) -> tuple[float, float]:
    """Return the t of the participants' rates against one half, and the p of Wilcoxon's test."""
    table = estimators(trials, replicates=1).set_index("estimator")
    alike = table.loc["participant t"]
    return float((alike["mean"] - 0.5) / alike["se"]), float(table.loc["Wilcoxon signed rank", "p_value"])


OPTIMIZER, GLOBAL = "styleclip_o", "styleclip_g"
RATES = (
    ("A1", "DynaVect v Optimizer: %, n", DYNAVECT, (58.88, 1571), 0.005, of_baseline(_percent_and_count, OPTIMIZER)),
    ("A1", "DynaVect v Global: %, n", DYNAVECT, (60.34, 1576), 0.005, of_baseline(_percent_and_count, GLOBAL)),
    ("A2", "DynaVect v Optimizer: items won, items", DYNAVECT, (24, 29), 0, of_baseline(_items_won, OPTIMIZER)),
    ("A2", "DynaVect v Global: items won, items", DYNAVECT, (26, 29), 0, of_baseline(_items_won, GLOBAL)),
    ("A4", "beta-binomial v Optimizer: mu, gamma", DYNAVECT, (0.58557, 0.07325), 5e-4, of_baseline(_beta, OPTIMIZER)),
    ("A4", "beta-binomial v Global: mu, gamma", DYNAVECT, (0.59917, 0.11772), 5e-4, of_baseline(_beta, GLOBAL)),
    ("A5", "two-way CI v Optimizer", DYNAVECT, (0.5285, 0.6491), 1e-4, of_baseline(_two_way, OPTIMIZER)),
    ("A5", "two-way CI v Global", DYNAVECT, (0.5497, 0.6572), 1e-4, of_baseline(_two_way, GLOBAL)),
    ("A5", "two-way CI, all", DYNAVECT, (0.5468, 0.6454), 1e-4, of_baseline(_two_way)),
    ("A5", "phi v Optimizer", DYNAVECT, (2.99,), 5e-3, of_baseline(_dispersion, OPTIMIZER)),
    ("A5", "phi v Global", DYNAVECT, (3.95,), 5e-3, of_baseline(_dispersion, GLOBAL)),
    ("A5", "participant t, Wilcoxon p v Optimizer", DYNAVECT, (3.133, 0.0043), 5e-4, of_baseline(_tests, OPTIMIZER)),
    ("A5", "participant t, Wilcoxon p v Global", DYNAVECT, (3.108, 0.0045), 5e-4, of_baseline(_tests, GLOBAL)),
)  # fmt: skip
"""Arguments of `analysis.validate.Check`."""

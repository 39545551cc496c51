"""Do people agree, and would other people agree with them: Krippendorff's alpha and split halves."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.clusters import Numbers
from analysis.glmm import Glmm
from analysis.rates import codes_of

LOGISTIC_VARIANCE = float(np.pi**2 / 3)
SPLITS = 500


def reliability(
    trials: pd.DataFrame, *, model: Glmm | None, seed: int = 0, replicates: int = 2000, level: float = 0.95
) -> pd.DataFrame:
    """Return how far participants agree about prompts.

    Args:
        trials: Result of `rates.main_trials`; ties count as neither answer.
        model: The mixed model with crossed intercepts, or none.
        seed: Of the splits and of the bootstrap over prompts.
        replicates: Of the bootstrap.
        level: Of the intervals.

    Returns:
        Columns measure, value, low, high, meaning; NaN where a measure cannot be computed.
    """
    rng = np.random.default_rng(seed)
    decided = trials[trials["selected"] != 0.5]
    counts = decided.groupby("prompt")["selected"].agg(["sum", "count"]).to_numpy(np.float64)
    resampled = rng.integers(0, len(counts), (replicates, len(counts)))
    alphas = np.array([krippendorff(counts[rows, 0], counts[rows, 1]) for rows in resampled])
    ends = [(1 - level) / 2, (1 + level) / 2]
    halves = split_halves(decided, rng)
    agreement = krippendorff(counts[:, 0], counts[:, 1])
    of_splits = f"of prompts' rates, Spearman–Brown; median and spread of {SPLITS} splits of participants"
    latent = "share of the latent variance (intraclass correlation)"
    rows = [
        ("Krippendorff's alpha", agreement, *_quantiles(alphas, ends), "1: all agree, 0: as by chance"),
        ("split-half reliability", _median(halves), *_quantiles(halves, ends), of_splits),
        ("between prompts", _share(model, "prompt"), np.nan, np.nan, latent),
        ("between participants", _share(model, "participant"), np.nan, np.nan, latent),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "low", "high", "meaning"])


def krippendorff(ones: Numbers, n: Numbers) -> float:
    """Return Krippendorff's alpha of nominal answers with two values; NaN where nobody can disagree.

    Args:
        ones: How many chose the first condition, by unit, shape (units,).
        n: How many chose, by unit; units with fewer than two are left out.

    Source:
        Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, case of nominal data.
    """
    kept = n >= 2
    ones, n = ones[kept], n[kept]
    total, first = n.sum(), ones.sum()
    expected = first * (total - first) / (total - 1) if total > 1 else 0.0
    if expected == 0:
        return float("nan")
    return float(1 - (ones * (n - ones) / (n - 1)).sum() / expected)


def split_halves(trials: pd.DataFrame, rng: np.random.Generator, splits: int = SPLITS) -> Numbers:
    """Return the reliability of prompts' rates in random splits of the participants, shape (splits,).

    The correlation r of the two halves' rates becomes 2 r / (1 + r) for the whole (Spearman-Brown); prompts that one
    half never saw are left out of that split.
    """
    people, prompts = codes_of(trials, ["participant", "prompt"])
    values = trials["selected"].to_numpy(np.float64)
    shape = (int(people.max()) + 1, int(prompts.max()) + 1)
    if shape[0] < 4 or shape[1] < 3:
        return np.full(splits, np.nan)
    cells = people * shape[1] + prompts
    chosen: Numbers = np.bincount(cells, values, shape[0] * shape[1]).reshape(shape).astype(np.float64)
    shown: Numbers = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    found = np.empty(splits)
    for split in range(splits):
        half = rng.permutation(shape[0]) < shape[0] // 2
        found[split] = _correlation(chosen[half], shown[half], chosen[~half], shown[~half])
    return 2 * found / (1 + found)


def _correlation(a: Numbers, n_a: Numbers, b: Numbers, n_b: Numbers) -> float:
    counts = [n_a.sum(axis=0), n_b.sum(axis=0)]
    both = (counts[0] > 0) & (counts[1] > 0)
    rates = [sums.sum(axis=0)[both] / n[both] for sums, n in zip((a, b), counts, strict=True)]
    if both.sum() < 3 or min(rate.std() for rate in rates) == 0:
        return float("nan")
    return float(np.corrcoef(*rates)[0, 1])


def _share(model: Glmm | None, term: str) -> float:
    if model is None or model.link != "logit":
        return float("nan")
    variances = model.random.set_index("term")["sd"] ** 2
    return float(variances[term] / (variances.sum() + LOGISTIC_VARIANCE))


def _median(values: Numbers) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")


def _quantiles(values: Numbers, ends: list[float]) -> NDArray[np.float64]:
    finite = values[np.isfinite(values)]
    return np.asarray(np.quantile(finite, ends) if len(finite) else np.full(2, np.nan), dtype=np.float64)

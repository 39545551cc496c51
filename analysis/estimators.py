"""One selection rate by every estimator in use, side by side: the default first, then what others would print."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit
from statsmodels.stats.proportion import proportion_confint

from analysis.bootstrap import pigeonhole
from analysis.clusters import Numbers
from analysis.errors import NotEstimableError
from analysis.glmm import Glmm, fit
from analysis.rates import codes_of, participant_t, rate_of

LARGEST_MODEL = 200_000
"""Choices up to which a mixed model is fitted; above, the default says the same at once."""

COLUMNS = ["estimator", "speaks_of", "mean", "se", "low", "high", "df", "p_value", "note"]
BOTH, PEOPLE, NOBODY = "new participants and prompts", "new participants", "these choices"


def estimators(
    trials: pd.DataFrame,
    *,
    level: float = 0.95,
    replicates: int = 2000,
    seed: int = 0,
    clusters: Sequence[str] = ("participant", "prompt"),
    model: Glmm | None = None,
) -> pd.DataFrame:
    """Return the selection rate by each estimator.

    Args:
        trials: Result of `rates.main_trials`.
        level: Confidence level in (0, 1).
        replicates: Of the bootstrap.
        seed: Of the bootstrap.
        clusters: What the default generalises over.
        model: Result of `rate_model`, or none.

    Returns:
        Columns `COLUMNS`: rates in [0, 1]; p-values two-sided against one half; a note where something is missing.
    """
    rates = trials.groupby("participant")["selected"].mean().to_numpy(np.float64)
    rows = [
        _default(trials, level, clusters),
        _participants(rates, level),
        _wilcoxon(rates),
        _bootstrap(trials, level, replicates, seed, redraw_prompts="prompt" in clusters),
        _gee(trials, level),
        _mixed(model, level, len(trials)),
        _naive(trials["selected"].to_numpy(np.float64), level),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def rate_model(trials: pd.DataFrame, level: float = 0.95) -> Glmm | None:
    """Return the mixed model with crossed intercepts alone; none where it cannot be fitted, or is too large."""
    if len(trials) > LARGEST_MODEL:
        return None
    try:
        groups = {name: trials[name].tolist() for name in ("participant", "prompt")}
        return fit(trials["selected"].to_numpy(np.float64), {}, groups, level=level)
    except NotEstimableError:
        return None


def _default(trials: pd.DataFrame, level: float, clusters: Sequence[str]) -> tuple[object, ...]:
    found = rate_of(trials, "selected", level, clusters)
    ends, two = found.interval, len(clusters) > 1
    name = "two-way cluster t" if two else "participant-cluster t"
    p = 2 * stats.t.sf(abs(found.mean - 0.5) / found.se, ends.df) if found.se > 0 else np.nan
    note = "the default" if found.se > 0 else ends.estimator
    return name, BOTH if two else PEOPLE, found.mean, found.se, ends.low, ends.high, ends.df, p, note


def _participants(rates: Numbers, level: float) -> tuple[object, ...]:
    found = participant_t(rates, level)
    p = 2 * stats.t.sf(abs(found.mean - 0.5) / found.se, len(rates) - 1) if found.se > 0 else np.nan
    ends = found.interval
    note = "each participant counts alike" if found.se > 0 else ends.estimator
    return "participant t", PEOPLE, found.mean, found.se, ends.low, ends.high, ends.df, p, note


def _wilcoxon(rates: Numbers) -> tuple[object, ...]:
    away = rates[rates != 0.5]
    if len(away) == 0:
        return _missing("Wilcoxon signed rank", PEOPLE, "every participant is at one half")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ties, for which SciPy takes the normal approximation
        p = float(stats.wilcoxon(rates - 0.5).pvalue)
    note = "a test without an interval; the mean is the median of participants"
    return "Wilcoxon signed rank", PEOPLE, float(np.median(rates)), np.nan, np.nan, np.nan, np.nan, p, note


def _bootstrap(
    trials: pd.DataFrame, level: float, replicates: int, seed: int, *, redraw_prompts: bool
) -> tuple[object, ...]:
    name = "pigeonhole bootstrap" if redraw_prompts else "participant bootstrap"
    values, rng = trials["selected"].to_numpy(np.float64), np.random.default_rng(seed)
    codes = codes_of(trials, ["participant", "prompt"])
    drawn = pigeonhole(values, *codes, replicates=replicates, rng=rng, redraw_prompts=redraw_prompts)
    drawn = drawn[np.isfinite(drawn)]
    if drawn.std() == 0:
        return _missing(name, BOTH if redraw_prompts else PEOPLE, "no choice varies")
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    note = f"percentile, {replicates} replicates; conservative" if redraw_prompts else f"{replicates} replicates"
    speaks_of = BOTH if redraw_prompts else PEOPLE
    return name, speaks_of, values.mean(), drawn.std(ddof=1), low, high, np.nan, np.nan, note


def _gee(trials: pd.DataFrame, level: float) -> tuple[object, ...]:
    selected = trials["selected"].to_numpy(np.float64)
    if selected.min() == selected.max() or trials["participant"].nunique() < 2:
        return _missing("GEE exchangeable", PEOPLE, "needs two participants and both answers")
    groups = codes_of(trials, ["participant"])[0]
    order = np.argsort(groups, kind="stable")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels' own about its defaults
        structure = sm.cov_struct.Exchangeable()
        model = sm.GEE(
            selected[order], np.ones((len(selected), 1)), groups[order], None, sm.families.Binomial(), structure
        )
        found = model.fit()
    logit, se = float(found.params[0]), float(found.bse[0])
    half, p = stats.norm.ppf((1 + level) / 2) * se, float(expit(logit))
    ends = expit([logit - half, logit + half])
    note = "clusters participants, not prompts; SE by the delta method"
    p_value = 2 * stats.norm.sf(abs(logit) / se) if se > 0 else np.nan
    return "GEE exchangeable", PEOPLE, p, se * p * (1 - p), ends[0], ends[1], np.nan, p_value, note


def _mixed(model: Glmm | None, level: float, n: int) -> tuple[object, ...]:
    if model is None:
        why = f"not fitted above {LARGEST_MODEL} choices" if n > LARGEST_MODEL else "needs two of each and both answers"
        return _missing("GLMM, marginal", BOTH, why)
    mean, se = model.marginal(np.ones(1))
    half = stats.norm.ppf((1 + level) / 2) * se
    flat = model.random.loc[model.random["at_boundary"], "term"].tolist()
    note = f"Laplace; at the boundary: {', '.join(flat)}" if flat else "Laplace; averaged over participants and prompts"
    note = note if model.converged else note + "; NOT CONVERGED"
    p_value = float(model.fixed["p_value"].iloc[0])
    return "GLMM, marginal", BOTH, mean, se, max(0.0, mean - half), min(1.0, mean + half), np.nan, p_value, note


def _naive(selected: Numbers, level: float) -> tuple[object, ...]:
    count, n = selected.sum(), len(selected)
    low, high = (float(end) for end in proportion_confint(count, n, alpha=1 - level, method="wilson"))
    p_value = float(2 * stats.norm.sf(abs(count - n / 2) / np.sqrt(n / 4)))
    se, note = float(np.sqrt(count * (n - count) / n**3)), "WRONG here: takes choices as independent"
    return "pooled binomial (Wilson)", NOBODY, count / n, se, low, high, np.nan, p_value, note


def _missing(name: str, speaks_of: str, why: str) -> tuple[object, ...]:
    return name, speaks_of, *[np.nan] * 6, f"not estimable: {why}"

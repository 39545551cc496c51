"""At how many steps people no longer see the difference: psychometric functions with intervals over people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.dispersion import dispersion
from analysis.errors import LevelsError, NoChoicesError
from analysis.links import PROBIT, Link
from analysis.pairs import decided
from analysis.psychometric import Curves, fit
from analysis.resampling import Replicates, by_answer, by_participant, deviance_p
from analysis.scoring import Numbers

EVERYTHING = "all"
"""The group that holds every trial."""

STEEP = 8.0
"""Predictor between two neighbouring levels above which the curve is a jump: from below 0.01 to above 99.99 %."""

GRID = 200


@dataclass(frozen=True)
class Options:
    """How psychometric functions are fitted.

    `lapse` is given, or none to fit it once to all trials, whence every group takes it. `at` is psi at the threshold,
    `level` that of intervals, `replicates` those of the bootstraps.
    """

    link: Link = PROBIT
    guess: float = 0.5
    lapse: float | None = None
    log_x: bool = True
    at: float = 0.75
    level: float = 0.95
    replicates: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of groups of trials.

    `table` has one row for each group: group, n_choices, n_participants, n_levels, threshold, low, high (in x),
    threshold_f (where F alone is one half), width (5 to 95 % of F, in t(x)), lapse, deviance, deviance_p (by
    simulation), phi (participants' spread over what chance gives), eta (`dispersion`, of a participant's trials at a
    level; NaN where nobody had two), status, estimator. `points` has the observed rates
    (group, x, k, n, rate), `bands` the curve with its pointwise interval (group, x, psi, low, high).
    """

    table: pd.DataFrame
    points: pd.DataFrame
    bands: pd.DataFrame
    options: Options


def detections(
    choices: pd.DataFrame, reference: str, levels: Mapping[str, float] | None = None, *, of_other: bool = False
) -> pd.DataFrame:
    """Return main trials in which a condition stood beside the reference condition.

    Args:
        choices: Rows with the columns of a choice.
        reference: The condition that all others were compared with.
        levels: A number for each other condition; none takes its num_steps.
        of_other: Whether to count choices of the other condition instead of the reference's.

    Returns:
        Columns participant, prompt, x (the other's level) and correct (0/1: what is counted was chosen).

    Raises:
        NoChoicesError: If there is no such trial.
        LevelsError: If a condition has no level.
    """
    rows = decided(choices)
    on_left, on_right = rows["left_condition"] == reference, rows["right_condition"] == reference
    rows = rows[on_left | on_right]
    if rows.empty:
        raise NoChoicesError(f"main trial with '{reference}' beside another condition")
    on_left = rows["left_condition"] == reference
    other = rows["right_condition"].where(on_left, rows["left_condition"])
    if levels is None:
        x = rows["right_num_steps"].where(on_left, rows["left_num_steps"]).astype("float64")
    else:
        x = other.map(levels).astype("float64")
    if x.isna().any():
        raise LevelsError(sorted(other[x.isna()].unique()))
    correct = ((rows["chosen"] == reference) != of_other).astype("int64")
    return pd.DataFrame({"participant": rows["participant"], "prompt": rows["prompt"], "x": x, "correct": correct})


def thresholds(trials: pd.DataFrame, by: str | None = None, options: Options = Options()) -> Thresholds:
    """Fit psi to all trials, and to each group of them, with intervals.

    Args:
        trials: Columns participant, x, correct (0/1), and `by`.
        by: Column of the groups, such as prompt; none fits all trials only.
        options: How.

    Raises:
        NoChoicesError: If there are no trials.
        LevelsError: If there are fewer than two levels, or one that a logarithm does not take.
    """
    if trials.empty:
        raise NoChoicesError("trial to fit")
    x = np.sort(trials["x"].unique()).astype(np.float64)
    if len(x) < 2 or not np.isfinite(x).all() or (options.log_x and x[0] <= 0):
        raise LevelsError([f"{value:g}" for value in x])
    k, n = _cells(trials, x)
    rng = np.random.default_rng(options.seed)
    fitted = [_group(EVERYTHING, x, k, n, options, options.lapse, rng)]
    lapse = float(fitted[0][0]["lapse"])
    for name, part in trials.groupby(by, sort=True) if by else ():
        fitted.append(_group(str(name), x, *_cells(part, x), options, lapse, rng))
    rows, points, bands = zip(*fitted, strict=True)
    return Thresholds(pd.DataFrame(rows), pd.concat(points, ignore_index=True), pd.concat(bands), options)


def _cells(trials: pd.DataFrame, x: Numbers) -> tuple[Numbers, Numbers]:
    """Return successes and trials of each participant at each level, both of shape (participants, L)."""
    people, level = pd.factorize(trials["participant"], sort=True)[0], np.searchsorted(x, trials["x"])
    k, n = np.zeros((people.max() + 1, len(x))), np.zeros((people.max() + 1, len(x)))
    np.add.at(k, (people, level), trials["correct"].to_numpy(np.float64))
    np.add.at(n, (people, level), 1.0)
    return k, n


def _group(
    name: str, x: Numbers, k: Numbers, n: Numbers, o: Options, lapse: float | None, rng: np.random.Generator
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return a group's row, points and band."""
    seen = n.sum(axis=0) > 0
    x, k, n = x[seen], k[:, seen], n[:, seen]
    total_k, total_n = k.sum(axis=0), n.sum(axis=0)
    curve = fit(x, total_k[None], total_n, link=o.link, guess=o.guess, lapse=lapse, log_x=o.log_x)
    found, status = float(curve.threshold(o.at)[0]), _status(curve, x, total_k, total_n, o)
    drawn: Replicates | None = None
    if status not in ("unanimous", "one level"):
        several = len(k) > 1
        drawn = (
            by_participant(curve, x, k, n, o.at, o.level, o.replicates, rng)
            if several
            else by_answer(curve, x, total_n, o.at, o.level, o.replicates, rng)
        )
    row = {
        "group": name,
        "n_choices": int(total_n.sum()),
        "n_participants": len(k),
        "n_levels": len(x),
        "threshold": found if drawn else np.nan,
        "low": drawn.low if drawn else np.nan,
        "high": drawn.high if drawn else np.nan,
        "threshold_f": float(curve.threshold(0.5, of_psi=False)[0]) if drawn else np.nan,
        "width": float(curve.width()[0]) if drawn else np.nan,
        "lapse": float(curve.lapse[0]),
        "deviance": float(curve.deviance(x, total_k[None], total_n[None])[0]),
        "deviance_p": deviance_p(curve, x, total_k, total_n, o.replicates, rng) if drawn else np.nan,
        "phi": _phi(curve, x, k, n) if drawn else np.nan,
        "eta": dispersion(curve, x, k, n, o.at).eta if drawn else np.nan,
        "status": status if drawn is None or np.isfinite([drawn.low, drawn.high]).all() else f"{status}, unstable",
        "estimator": drawn.estimator if drawn else "not estimable",
    }
    points = pd.DataFrame({"group": name, "x": x, "k": total_k, "n": total_n, "rate": total_k / total_n})
    return row, points, _band(name, curve, drawn, x, o)


def _status(curve: Curves, x: Numbers, k: Numbers, n: Numbers, o: Options) -> str:
    """Return 'ok', or the reason why a threshold deserves no trust."""
    if len(x) < 2:
        return "one level"
    if (k == 0).all() or (k == n).all():
        return "unanimous"
    slope, steps = float(curve.b[0]), np.diff(curve.t(x))
    if abs(slope) * steps.min() > STEEP or not curve.converged[0]:
        return "steep"
    se = float(np.sqrt(curve.covariance(x, n)[0, 1, 1]))
    if not abs(slope) > 1.96 * se:
        return "flat"
    return "ok" if x[0] <= curve.threshold(o.at)[0] <= x[-1] else "outside"


def _phi(curve: Curves, x: Numbers, k: Numbers, n: Numbers) -> float:
    """Return Pearson's chi-square of the participants' totals over its degrees of freedom; about 1 if all are alike."""
    if len(k) < 2:
        return float("nan")
    psi = curve.psi(x)[0]
    excess, variance = ((k - n * psi).sum(axis=1)), (n * psi * (1 - psi)).sum(axis=1)
    return float((excess**2 / np.maximum(variance, 1e-12)).sum() / (len(k) - 1))


def _band(name: str, curve: Curves, drawn: Replicates | None, x: Numbers, o: Options) -> pd.DataFrame:
    """Return the curve on a grid with its pointwise percentile interval."""
    if drawn is None:
        return pd.DataFrame({"group": [], "x": [], "psi": [], "low": [], "high": []})
    grid = np.geomspace(x[0], x[-1], GRID) if o.log_x else np.linspace(x[0], x[-1], GRID)
    kept = drawn.curves.psi(grid)
    low, high = np.nanquantile(kept, [(1 - o.level) / 2, (1 + o.level) / 2], axis=0)
    return pd.DataFrame({"group": name, "x": grid, "psi": curve.psi(grid)[0], "low": low, "high": high})

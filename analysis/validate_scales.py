"""Scales, thresholds and position effects of published studies, computed again: rows of `analysis.validate`."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.links import LOGIT, PROBIT
from analysis.load import read_source
from analysis.pairs import Pairs, pairs_of, pairs_of_counts
from analysis.psychometric import fit
from analysis.scaling import Scale, scale
from analysis.screening import CUSTOMARY, empirical_prior_scale, screen

TMO, TASTE, HEAVINESS = "pwcmp_tmo_ex3.csv", "david1988_taste.csv", "eba_heaviness.csv"
BASEBALL, QPDAT, PSIGNIFIT = "bradleyterry2_baseball.csv", "quickpsy_qpdat.csv", "psignifit_demo.csv"

OUTLIERS = {"bab", "M02"}
"""The two of 18 observers that pwcmp's README names."""


def counted(path: Path, first: str, second: str, won: str, lost: str) -> Pairs:
    """Return a table of counts as comparisons, by the names of its columns."""
    frame = pd.read_csv(path)
    return pairs_of_counts(frame[first], frame[second], frame[won], frame[won] + frame[lost])


def _tone_mappers(path: Path) -> pd.DataFrame:
    return read_source(path).frame


def _scale(path: Path) -> Scale:
    return scale(pairs_of(_tone_mappers(path)))


def _empirical_prior(path: Path) -> Sequence[float]:
    return tuple(empirical_prior_scale(pairs_of(_tone_mappers(path)).matrix()))


def _without_outliers(path: Path) -> Sequence[float]:
    frame = _tone_mappers(path)
    return tuple(empirical_prior_scale(pairs_of(frame[~frame["participant"].isin(OUTLIERS)]).matrix()))


def _bradley_terry(path: Path) -> Sequence[float]:
    return tuple(LOGIT.jnd * scale(pairs_of(_tone_mappers(path)), "bradley-terry").jnd)


def _deviance(path: Path) -> Sequence[float]:
    found = _scale(path)
    return found.deviance, found.deviance_df


def _outliers(path: Path) -> Sequence[float]:
    table = screen(_tone_mappers(path), by="prompt")
    by_name = table[table["score"] > CUSTOMARY].set_index("participant")["score"]
    return (float(len(by_name)), *(float(by_name.get(name, np.nan)) for name in ("M02", "bab")))


def _taste(path: Path) -> Sequence[float]:
    places = PROBIT.jnd * scale(counted(path, "a", "b", "a_preferred", "b_preferred")).jnd
    return tuple(places[1:] - places[0])


def _heaviness(path: Path) -> Sequence[float]:
    columns = ("first_g", "second_g", "first_judged_heavier", "second_judged_heavier")
    found = scale(counted(path, *columns), "bradley-terry", position=True)
    advantage = float(np.exp(-(found.position or 0.0)))  # eba reports that of the second, as a factor
    return advantage, advantage * (found.position_se or np.nan)


def _baseball(path: Path) -> Scale:
    return scale(counted(path, "home.team", "away.team", "home.wins", "away.wins"), "bradley-terry", position=True)


def _home_advantage(path: Path) -> Sequence[float]:
    found = _baseball(path)
    return found.position or np.nan, found.position_se or np.nan


def _phases(path: Path) -> Sequence[float]:
    cells = pd.read_csv(path).groupby(["participant", "cond", "phase"])["resp"].agg(["sum", "count"]).unstack()
    x = cells["sum"].columns.to_numpy(np.float64)
    k, n = (cells[name].to_numpy(np.float64) for name in ("sum", "count"))
    return tuple(fit(x, k, n, guess=0).threshold(0.5))


def _demonstration(path: Path) -> Sequence[float]:
    frame = pd.read_csv(path)
    k, n = (frame[name].to_numpy(np.float64) for name in ("n_correct", "n_trials"))
    return tuple(fit(frame["level"].to_numpy(), k[None], n, lapse=None).threshold(0.5, of_psi=False))


Row = tuple[str, str, str, tuple[float, ...], float, Callable[[Path], Sequence[float]]]

PRIOR_NONE = (-0.1086, -1.3904, 1.0449, 0.6075, -0.5623, 0.0391, 0.3699)
PRIOR_GAUSSIAN = (-0.1215, -1.3692, 1.0389, 0.6147, -0.5669, 0.0361, 0.3679)
NO_OUTLIERS = (-0.0986, -1.3757, 1.1190, 0.6495, -0.6510, -0.0523, 0.4091)
CHOIX = (-0.1179, -1.5898, 1.1867, 0.6776, -0.6277, 0.0463, 0.4249)
QUICKPSY = (-70.2151, -121.0557, -92.5347, -130.2689, -81.3728, -124.6208)

SCALES: tuple[Row, ...] = (
    ("C1", "pwcmp: JOD of 7 tone mappers, prior none", TMO, PRIOR_NONE, 2e-4, lambda p: tuple(_scale(p).jnd)),
    ("C1", "pwcmp: JOD, prior gaussian", TMO, PRIOR_GAUSSIAN, 2e-4, _empirical_prior),
    ("C1", "pwcmp: JOD, two outliers removed", TMO, NO_OUTLIERS, 2e-4, _without_outliers),
    ("C1", "choix: Bradley-Terry, log-odds", TMO, CHOIX, 2e-4, _bradley_terry),
    ("C1", "glm: probit deviance, df", TMO, (24.9606, 15), 1e-3, _deviance),
    ("C2", "pwcmp: observers above 1.5; M02, bab", TMO, (2, 3.451, 4.466), 0.02, _outliers),
    ("E1", "quickpsy: six thresholds at 50 %", QPDAT, QUICKPSY, 0.05, _phases),
    ("F1", "psignifit: threshold of the demonstration", PSIGNIFIT, (0.00464485,), 1e-5, _demonstration),
    ("G2", "eba: order effect of heaviness, SE", HEAVINESS, (1.33734, 0.11553), 1e-3, _heaviness),
    ("G2", "eba: Thurstone scale of taste", TASTE, (0.9453, 0.7682, 1.3874), 1e-3, _taste),
    ("G3", "Agresti: home advantage, SE", BASEBALL, (0.3023, 0.1309), 1e-4, _home_advantage),
    ("G3", "Agresti: deviance", BASEBALL, (38.643,), 1e-3, lambda p: (_baseball(p).deviance,)),
)
"""Arguments of `analysis.validate.Check`."""

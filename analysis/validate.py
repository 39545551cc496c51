"""Published figures, computed again from the published data: the table behind `budgetfusion analyze validate`.

A row names its data set, what was published, how far the recomputed number may lie from it, and the function that
recomputes it. The data sets are other people's and are not part of this project: `SOURCES` says where each can be had.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.errors import ValidationDataError
from analysis.validate_models import MODELS
from analysis.validate_rates import RATES
from analysis.validate_scales import SCALES

SOURCES: dict[str, str] = {
    "dynavect_long.csv": "github.com/duriantaco/dynavect, supplementary/ (CC BY 4.0), one row for each answer",
    "pwcmp_tmo_ex3.csv": "github.com/mantiuk/pwcmp, examples/ex3_tmo_cmp_data.csv (MIT)",
    "lme4_VerbAgg.csv": "github.com/lme4/lme4, data/VerbAgg.rda (GPL >= 2), written as CSV",
    "lme4_cbpp.csv": "github.com/lme4/lme4, data/cbpp.rda (GPL >= 2), written as CSV",
    "quickpsy_qpdat.csv": "github.com/danilinares/quickpsy, data/qpdat.rda (MIT), written as CSV",
    "psignifit_demo.csv": "github.com/wichmann-lab/python-psignifit, the demonstration block (GPL 3)",
    "eba_heaviness.csv": "CRAN package eba, data/heaviness.rda (GPL >= 2), written as ordered pairs",
    "david1988_taste.csv": "CRAN package eba, help page of strans (GPL >= 2), written as pairs",
    "bradleyterry2_baseball.csv": "CRAN package BradleyTerry2, data/baseball (GPL >= 2), written as CSV",
}
"""Each data set, and where it can be had with its licence."""


@dataclass(frozen=True)
class Check:
    """One published result: what it is, from which file it follows, its numbers and how closely they must be met."""

    id: str
    quantity: str
    file: str
    published: tuple[float, ...]
    tolerance: float
    recompute: Callable[[Path], Sequence[float]]


@dataclass(frozen=True)
class Outcome:
    """A check with what was recomputed; `miss` is the largest distance from the published numbers."""

    check: Check
    found: tuple[float, ...]

    @property
    def miss(self) -> float:
        """The largest absolute difference; infinite where the number of numbers differs or one is not finite."""
        if len(self.found) != len(self.check.published) or not np.isfinite(self.found).all():
            return float("inf")
        return float(np.abs(np.subtract(self.found, self.check.published)).max())

    @property
    def holds(self) -> bool:
        """Whether every number lies within the tolerance (and the last bit of its arithmetic)."""
        return self.miss <= self.check.tolerance + 1e-12


CHECKS: tuple[Check, ...] = tuple(Check(*row) for row in (*RATES, *MODELS, *SCALES))
"""Every row of the validation; a module adds its own by a tuple of rows, as `validate_rates.RATES`."""


def validate(folder: Path, checks: Sequence[Check] = CHECKS) -> list[Outcome]:
    """Recompute every check from the files of a folder.

    Raises:
        ValidationDataError: If a file that a check needs is not there; says where each can be had.
    """
    wanted = dict.fromkeys(check.file for check in checks)
    absent = {name: SOURCES[name] for name in wanted if not (folder / name).is_file()}
    if absent:
        raise ValidationDataError(folder, absent)
    return [Outcome(check, tuple(map(float, check.recompute(folder / check.file)))) for check in checks]

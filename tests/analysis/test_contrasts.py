"""Contrasts: Holm's p values, and quasi standard errors that give the differences back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contrasts import contrasts, places, quasi_se
from analysis.pairs import pairs_of, pairs_of_counts
from analysis.scaling import Scale, scale


def three() -> Scale:
    """Return a scale of three conditions."""
    columns = (["A", "A", "B"], ["B", "C", "C"], [70, 85, 60], [100, 100, 100])
    first, second, wins, n = (pd.Series(column) for column in columns)
    return scale(pairs_of_counts(first, second, wins, n))


def test_independent_errors_are_given_back() -> None:
    """Where the errors are independent, quasi standard errors are those errors."""
    quasi, worst = quasi_se(np.diag([0.04, 0.09, 0.01, 0.16]))

    assert np.allclose(quasi, [0.2, 0.3, 0.1, 0.4], atol=1e-6)
    assert worst < 1e-6


def test_three_conditions_are_exact() -> None:
    """Three quasi variances solve three differences without error."""
    found = three()
    quasi, worst = quasi_se(found.covariance)
    table = contrasts(found)

    assert worst < 1e-6
    own = dict(zip(found.conditions, quasi, strict=True))
    expected = [np.hypot(own[a], own[b]) for a, b in zip(table["first"], table["second"], strict=True)]
    assert np.allclose(table["se"], expected)


def test_contrasts_name_the_better_first() -> None:
    """Differences are positive, rates above one half, and p values are multiplied as Holm says."""
    table = contrasts(three())

    assert (table["difference"] > 0).all()
    assert (table["rate"] > 0.5).all()
    ranked = table.sort_values("p")
    stepped = np.maximum.accumulate(np.minimum(1, ranked["p"] * [3, 2, 1]))
    assert np.allclose(ranked["p_holm"], stepped)
    assert table["differs"].tolist() == (table["p_holm"] < 0.05).tolist()


def test_no_error_gives_no_p_value() -> None:
    """A covariance of zeros is no certainty: p and quasi standard errors are NaN."""
    certain = replace(three(), covariance=np.zeros((3, 3)))

    assert contrasts(certain)[["p", "p_holm"]].isna().all(axis=None)
    assert not contrasts(certain)["differs"].any()
    assert places(certain)["quasi_se"].isna().all()


def test_real_operators_are_told_apart(published: Callable[[str], Path]) -> None:
    """Seven tone mappers: 14 of 21 pairs differ after Holm's correction over the participants' sandwich."""
    frame = pd.read_csv(published("pwcmp_tmo_ex3.csv"))
    chosen = frame["condition_A"].where(frame["is_A_selected"] == 1, frame["condition_B"])
    names = {"observer": "participant", "condition_A": "left_condition", "condition_B": "right_condition"}
    found = scale(pairs_of(frame.rename(columns=names).assign(chosen=chosen)))

    assert int(contrasts(found)["differs"].sum()) == 14
    assert places(found)["condition"].iloc[0] == "irawan05"

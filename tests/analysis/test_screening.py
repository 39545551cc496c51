"""Screening: pwcmp's numbers, and nobody judged without others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import PairsError
from analysis.pairs import pairs_of
from analysis.screening import CUSTOMARY, empirical_prior_scale, scores, screen

Find = Callable[[str], Path]


def tone_mapping(path: Path) -> pd.DataFrame:
    """Return the tone-mapping study as choices."""
    frame = pd.read_csv(path)
    chosen = frame["condition_A"].where(frame["is_A_selected"] == 1, frame["condition_B"])
    names = {"observer": "participant", "condition_A": "left_condition", "condition_B": "right_condition"}
    return frame.rename(columns=names).assign(chosen=chosen)


def test_two_observers_are_unlike_the_others(published: Find) -> None:
    """On its own example, as pwcmp says: bab 4.466 and M02 3.451 are above 1.5, M06 .879 and F01 .354 follow."""
    found = screen(tone_mapping(published("pwcmp_tmo_ex3.csv")), by="scene")

    assert found["participant"].tolist()[:4] == ["bab", "M02", "M06", "F01"]
    assert np.allclose(found["score"][:4], [4.466, 3.451, 0.879, 0.354], atol=2e-3)
    assert (found["score"] > CUSTOMARY).sum() == 2
    assert found["n"].sum() == 1213


def test_the_empirical_prior_equals_pwcmp(published: Find) -> None:
    """pw_scale with prior 'gaussian' (Octave): all scenes, and one scene without the two."""
    frame = tone_mapping(published("pwcmp_tmo_ex3.csv"))
    others = frame[~frame["participant"].isin(["bab", "M02"]) & (frame["scene"] == "exhibition")]

    expected = [-0.1215, -1.3692, 1.0389, 0.6147, -0.5669, 0.0361, 0.3679]
    assert np.allclose(empirical_prior_scale(pairs_of(frame).matrix()), expected, atol=2e-4)
    expected = [-0.3222, -2.9622, 3.0968, 0.7163, -0.6304, -0.1513, 0.2529]
    assert np.allclose(empirical_prior_scale(pairs_of(others).matrix()), expected, atol=2e-4)


def test_pwcmps_first_example() -> None:
    """Its README's three conditions lie at -1, 0 and 1 JOD."""
    wins = np.array([[0, 25, 8.87], [75, 0, 25], [91.13, 75, 0]])

    assert np.allclose(empirical_prior_scale(wins), [-1, 0, 1], atol=0.02)


def test_a_contrarian_stands_out() -> None:
    """Of twelve people, the one who chooses the opposite has the highest score."""
    rng = np.random.default_rng(1)
    rows = []
    for person in range(12):
        for better, worse in (("A", "B"), ("B", "C"), ("A", "C")) * 8:
            agrees = rng.random() < (0.1 if person == 7 else 0.85)
            rows.append((f"p{person:02}", better, worse, better if agrees else worse))
    frame = pd.DataFrame(rows, columns=["participant", "left_condition", "right_condition", "chosen"])

    assert screen(frame)["participant"][0] == "p07"
    assert screen(frame)["score"][0] > CUSTOMARY


def test_two_people_judge_nobody() -> None:
    """With fewer than three there is no 'everybody else'."""
    frame = pd.DataFrame([("p", "A", "B", "A"), ("q", "A", "B", "B")])
    frame.columns = pd.Index(["participant", "left_condition", "right_condition", "chosen"])

    with pytest.raises(PairsError, match=r"2 participant\(s\), expected at least 3"):
        screen(frame)


def test_equal_people_have_no_score() -> None:
    """Where everybody is alike, nobody is unlike."""
    assert scores(np.full(5, -0.3)).tolist() == [0.0] * 5

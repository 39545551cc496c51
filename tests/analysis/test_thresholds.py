"""Thresholds of trials: found, with intervals over people, and flagged where they deserve no trust."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from analysis.errors import LevelsError, NoChoicesError
from analysis.thresholds import EVERYTHING, Options, detections, thresholds

LEVELS = (3, 5, 9, 17, 33)
FAST = Options(replicates=200)


def trials(
    rng: np.random.Generator, people: int = 20, prompts: int = 6, *, between_people: float = 0.0, steep: float = 1.0
) -> pd.DataFrame:
    """Return answers of people whose log threshold is that of 9 steps, give or take."""
    rows = []
    for person in range(people):
        own = np.log(9) + between_people * rng.standard_normal()
        for prompt in range(prompts):
            for x in LEVELS:
                psi = 0.5 + 0.5 * ndtr(-steep * (np.log(x) - own) / 0.6)
                rows.append((f"p{person:02}", f"a {prompt}", float(x), int(rng.random() < psi)))
    return pd.DataFrame(rows, columns=["participant", "prompt", "x", "correct"])


def choices(*rows: tuple[str, str, str, int, int]) -> pd.DataFrame:
    """Return main trials of left, right, chosen, and steps on both sides."""
    names = ["left_condition", "right_condition", "chosen", "left_num_steps", "right_num_steps"]
    return pd.DataFrame(rows, columns=names).assign(participant="p", prompt="a ball", purpose="main")


def test_detections_stand_beside_the_reference() -> None:
    """The level is the other condition's, whatever the side; trials without the reference are left out."""
    frame = choices(("R", "S5", "R", 65, 5), ("S9", "R", "S9", 9, 65), ("S5", "S9", "S9", 5, 9))
    found = detections(frame, "R")

    assert found["x"].tolist() == [5, 9]
    assert found["correct"].tolist() == [1, 0]
    assert detections(frame, "R", {"S5": 0.2, "S9": 0.4})["x"].tolist() == [0.2, 0.4]


def test_what_cannot_be_a_level_is_named() -> None:
    """No trial with the reference, or a condition without a level, is an error."""
    frame = choices(("R", "S5", "R", 65, 5))

    with pytest.raises(NoChoicesError, match="'X' beside another condition"):
        detections(frame, "X")
    with pytest.raises(LevelsError, match="S5"):
        detections(frame, "R", {"S9": 0.4})


@pytest.mark.parametrize("x", [[5.0, 5.0], [0.0, 5.0], [np.inf, 5.0]])
def test_levels_must_be_several_and_positive(x: list[float]) -> None:
    """One level, 0 on a logarithmic axis, or infinity, is an error."""
    with pytest.raises(LevelsError, match="expected two or more numbers"):
        thresholds(pd.DataFrame({"participant": "p", "x": x, "correct": [0, 1]}), options=FAST)
    with pytest.raises(NoChoicesError, match="trial to fit"):
        thresholds(pd.DataFrame({"participant": [], "x": [], "correct": []}))


def test_one_curve_for_all_and_one_for_each_group(rng: np.random.Generator) -> None:
    """Six prompts and the whole; every group takes the whole's lapse, and equal seeds give equal numbers."""
    frame = trials(rng)
    found = thresholds(frame, "prompt", FAST)

    assert found.table["group"].tolist() == [EVERYTHING, *sorted(frame["prompt"].unique())]
    assert found.table["lapse"].nunique() == 1
    assert found.table["low"][0] < found.table["threshold"][0] < found.table["high"][0]
    assert found.table["n_choices"].sum() == 2 * len(frame)
    pd.testing.assert_frame_equal(found.table, thresholds(frame, "prompt", FAST).table)
    assert found.bands.groupby("group").size().nunique() == 1
    assert (found.bands["low"] <= found.bands["psi"] + 0.05).all()


def test_people_widen_the_interval(rng: np.random.Generator) -> None:
    """Where people differ, phi exceeds 1 and the interval is wider than where they do not."""
    alike, unlike = (thresholds(trials(rng, between_people=spread), options=FAST).table for spread in (0.0, 0.8))

    assert unlike["phi"][0] > 1.5 > alike["phi"][0]
    widths = [np.log(table["high"][0] / table["low"][0]) for table in (alike, unlike)]
    assert widths[1] > 1.3 * widths[0]


def test_the_interval_over_people_covers() -> None:
    """Of 50 studies with people who differ, at least 88 % of the 95 % intervals hold the population's threshold."""
    rng = np.random.default_rng(3)
    hits = []
    for seed in range(50):
        found = thresholds(
            trials(rng, 24, 2, between_people=0.4), options=Options(lapse=0.0, replicates=200, seed=seed)
        )
        hits.append(found.table["low"][0] < 9 < found.table["high"][0])

    assert np.mean(hits) >= 0.88


@pytest.mark.parametrize(
    ("correct", "status"),
    [
        ([1] * 5, "unanimous"),
        ([1, 1, 0, 0, 0], "steep"),
        ([1, 0, 1, 0, 1], "flat"),
    ],
)
def test_untrustworthy_thresholds_are_flagged(correct: list[int], status: str) -> None:
    """Unanimous answers, a jump, and no slope at all are said to be that."""
    rows = pd.DataFrame({"x": LEVELS, "correct": correct}).astype("float64")
    frame = pd.concat([rows.assign(participant=f"p{i}") for i in range(6)], ignore_index=True)
    row = thresholds(frame, options=Options(guess=0.0, lapse=0.0, at=0.5, replicates=50)).table.iloc[0]

    assert row["status"].startswith(status)


def test_a_threshold_outside_the_levels_is_flagged(rng: np.random.Generator) -> None:
    """A curve that crosses 75 % beyond the last level is an extrapolation."""
    frame = trials(rng, 40)
    row = thresholds(frame[frame["x"] >= 17], options=Options(lapse=0.0, replicates=50)).table.iloc[0]

    assert row["status"].startswith(("outside", "flat"))


def test_one_person_gives_an_interval_of_answers(rng: np.random.Generator) -> None:
    """With one participant the estimator says that answers, not people, were resampled."""
    row = thresholds(trials(rng, 1, 40), options=FAST).table.iloc[0]

    assert row["estimator"].startswith("parametric bootstrap of answers")
    assert row["low"] < row["threshold"] < row["high"]
    assert np.isnan(row["phi"])

"""Sections on many conditions appear where a study has them, and nowhere else."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.model_sections import model_sections
from analysis.studies import read_studies

LADDER = {"REFERENCE": 65, "S5": 5, "S9": 9, "S17": 17, "S33": 33}


def written(folder: Path, conditions: dict[str, int | None]) -> Path:
    """Write choices of 12 people between the reference and each other condition; few steps are seen, many are not."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    for person in range(12):
        for trial, (prompt, name) in enumerate([(p, c) for p in range(8) for c in list(conditions)[1:]]):
            seen = 0.5 + 0.45 * np.exp(-(conditions[name] or 10) / 12)
            sides = ["REFERENCE", name] if rng.random() < 0.5 else [name, "REFERENCE"]
            side = sides.index("REFERENCE") if rng.random() < seen else sides.index(name)
            rows.append(
                {"participant": f"p{person}", "trial_index": trial, "prompt": f"q{prompt}", "left_condition": sides[0],
                 "right_condition": sides[1], "response": ["left", "right"][side]}
            )  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "choices.csv", index=False)
    return folder / "choices.csv"


@pytest.mark.parametrize(
    ("conditions", "steps", "titles"),
    [
        (LADDER, True, ["Where do all conditions lie?", "How many steps are enough?"]),
        (LADDER, False, ["Where do all conditions lie?"]),
        ({"REFERENCE": 65, "S5": 5}, True, []),
    ],
)
def test_sections_follow_the_conditions(
    tmp_path: Path, conditions: dict[str, int | None], steps: bool, titles: list[str]
) -> None:
    """Three conditions have a scale, a ladder of steps a threshold, two conditions neither."""
    study = read_studies([written(tmp_path, conditions)], compare=[("S5", "REFERENCE")])[0]
    if steps:
        for side in ("left", "right"):
            study.rows[f"{side}_num_steps"] = study.rows[f"{side}_condition"].map(conditions).astype("Int64")

    assert [section.title for section in model_sections(study)] == titles

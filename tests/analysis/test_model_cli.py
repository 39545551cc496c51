"""The commands scale, thresholds, power and audit: from a file to words, JSON, tables and figures."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.special import ndtr

from analysis.cli import analyze
from analysis.errors import LevelsError, PlanningError, ReportedError
from analysis.model_files import Rows, levels, read_rows
from budgetfusion.measurements import COST, write_table
from stimuli.manifest import CHOICE_COLUMNS

DOCS = Path(__file__).parents[2] / "docs"


def run(*arguments: object) -> Any:
    """Run `budgetfusion analyze ...`; exceptions pass through."""
    wide = {"COLUMNS": "160"}
    return CliRunner(env=wide).invoke(analyze, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def ladder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Choices of 16 simulated observers: four step counts beside REFERENCE, three prompts, as they are exported."""
    rows = []
    for person in range(16):
        for index, (prompt, steps) in enumerate((p, s) for p in range(3) for s in (3, 5, 9, 17, 33) for _ in range(2)):
            seen = rng.random() < 0.5 + 0.5 * ndtr(-(np.log(steps) - np.log(9) - 0.2 * prompt) / 0.6)
            names, counts = [f"S{steps}", "REFERENCE"], [steps, 65]
            if rng.random() < 0.5:
                names, counts = names[::-1], counts[::-1]
            chosen = "REFERENCE" if seen else f"S{steps}"
            rows.append(
                {
                    **dict.fromkeys(CHOICE_COLUMNS),
                    **{"study": "ladder", "study_digest": "a" * 64, "manifest_digest": "b" * 64, "mode": "bot"},
                    **{"participant": f"P{person:02}", "session": "s", "block": 0, "trial_index": index, "seed": 0},
                    **{"item_id": f"i{prompt}", "prompt": f"a ball {prompt}", "purpose": "main", "task": "similar"},
                    **{"left_condition": names[0], "right_condition": names[1], "left_num_steps": counts[0]},
                    **{"right_num_steps": counts[1], "response": "left" if chosen == names[0] else "right"},
                    **{"chosen": chosen, "rt_ms": 1000.0, "flags": "simulated-planted"},
                    **{"shown_at": "2026-11-20T10:00:00Z", "answered_at": "2026-11-20T10:00:01Z"},
                }
            )
    pd.DataFrame(rows).to_csv(tmp_path / "choices.csv", index=False)
    return tmp_path / "choices.csv"


def test_thresholds_are_printed_and_written(ladder: Path, tmp_path: Path) -> None:
    """A row for all and one for each prompt, a typical prompt, SIMULATED, and every figure beside its data."""
    text = run("thresholds", ladder, "--by", "prompt", "--replicates", 100, "--out", tmp_path / "out").output

    for part in ("all", "a ball 2", "A typical prompt:", "SIMULATED"):
        assert part in text
    for name in ("curve", "panels", "caterpillar"):
        assert b"SIMULATED" in (tmp_path / "out" / f"{name}.svg").read_bytes()
        assert not pd.read_csv(tmp_path / "out" / f"{name}.csv").empty
    table = pd.read_csv(tmp_path / "out" / "thresholds.csv")
    assert table["group"].tolist() == ["all", "a ball 0", "a ball 1", "a ball 2"]
    assert 5 < table["threshold"][0] < 17


def test_figures_are_the_same_bytes(ladder: Path, tmp_path: Path) -> None:
    """Two runs write the same files."""
    for folder in ("a", "b"):
        run("thresholds", ladder, "--replicates", 60, "--out", tmp_path / folder)

    assert (tmp_path / "a" / "curve.svg").read_bytes() == (tmp_path / "b" / "curve.svg").read_bytes()


def test_thresholds_as_json(ladder: Path) -> None:
    """The same table for machines."""
    found = json.loads(run("thresholds", ladder, "--replicates", 60, "--json").output)

    assert set(found) == {"thresholds", "hierarchy", "files"}
    assert found["hierarchy"] is None
    assert found["thresholds"][0]["status"] == "ok"


def test_computation_can_be_the_level(ladder: Path, tmp_path: Path) -> None:
    """Against TFLOP, a threshold is in TFLOP; a missing cost is named, and so is a missing table."""
    rows = [{"num_steps": s, "tflop": 0.5 * s, "tflop_attention": 0.1} for s in (3, 5, 9, 17, 33)]
    empty: dict[str, object] = {"config_digest": "c" * 64, "seconds": None, "joules": None, "hardware": "none"}
    write_table(tmp_path / "cost.parquet", [empty | row for row in rows], COST)
    arguments = ("thresholds", ladder, "--against", "tflop", "--replicates", 60, "--json")
    steps = json.loads(run("thresholds", ladder, "--replicates", 60, "--json").output)
    tflop = json.loads(run(*arguments, "--cost", tmp_path / "cost.parquet").output)

    assert np.isclose(tflop["thresholds"][0]["threshold"], 0.5 * steps["thresholds"][0]["threshold"], rtol=1e-4)
    assert "needs --cost" in run(*arguments).output
    write_table(tmp_path / "cost.parquet", [empty | row for row in rows[:3]], COST)
    with pytest.raises(LevelsError, match="S17, S33"):
        run(*arguments, "--cost", tmp_path / "cost.parquet")


def test_names_and_options_can_be_the_level(ladder: Path) -> None:
    """The number that ends a name is its level, unless --at says another."""
    rows = read_rows(ladder, None)

    assert levels(rows, "REFERENCE", "name", None, {})[0] == {"S3": 3, "S5": 5, "S9": 9, "S17": 17, "S33": 33}
    given = levels(rows, "REFERENCE", "name", None, {"S3": 0.3})[0]
    assert given is not None
    assert given["S3"] == 0.3
    with pytest.raises(LevelsError, match="plain"):
        levels(Rows(rows.frame.replace("S3", "plain"), False), "REFERENCE", "name", None, {})
    assert "expected CONDITION=NUMBER" in run("thresholds", ladder, "--at", "S3").output


def test_psignifits_block_is_read(published: Callable[[str], Path]) -> None:
    """The demonstration of psignifit goes through the command: .004648 by maximum likelihood."""
    path = published("psignifit_demo.csv")
    options = ("--reference", "reference", "--against", "name", "--count", "other", "--axis", "linear")
    found = json.loads(run("thresholds", path, *options, "--replicates", 60, "--json").output)

    assert abs(found["thresholds"][0]["threshold"] - 0.004648) < 1e-5


def test_scales_are_printed_and_written(published: Callable[[str], Path], tmp_path: Path) -> None:
    """Seven tone mappers: places, 14 of 21 pairs, the two observers that pwcmp names, three figures."""
    path = published("pwcmp_tmo_ex3.csv")
    options = ("--by", "prompt", "--prior", "gaussian", "--out", tmp_path / "out")
    text = " ".join(run("scale", path, *options).output.split())

    for part in (
        "irawan05",
        "of 21 pairs differ after Holm",
        "bab (4.47), M02 (3.45)",
        "sandwich over 18 participants",
    ):
        assert part in text
    assert "SIMULATED" not in text
    for name in ("places", "triangle", "screening"):
        assert (tmp_path / "out" / f"{name}.svg").is_file()
    assert pd.read_csv(tmp_path / "out" / "places.csv")["group"].nunique() == 6
    found = json.loads(run("scale", path, "--model", "bradley-terry", "--position", "--json").output)
    assert found["scales"]["all"]["position"] is not None


def test_power_says_how_many() -> None:
    """The fewest participants, power, cost; as JSON for one size."""
    text = run("power", "--rate", 0.65, "--trials", 30, "--studies", 300).output

    assert re.search(r"^\d+ participants × 30 trials about 100 prompts: power 9\d", text)
    assert "simulated studies" in text
    found = json.loads(run("power", "--rate", 0.6, "--participants", 40, "--studies", 200, "--json").output)
    assert found["participants"] == 40
    assert found["cost_gbp"] > 0
    with pytest.raises(PlanningError, match="200 trials about 100 prompts"):
        run("power", "--rate", 0.6, "--participants", 40, "--trials", 200)


def test_power_draws_contours(tmp_path: Path) -> None:
    """The figure and its grid."""
    options = ("--participants", 20, "--trials", 40, "--studies", 100, "--out", tmp_path)
    run("power", "--rate", 0.6, *options)

    assert (tmp_path / "power.svg").is_file()
    assert set(pd.read_csv(tmp_path / "power.csv")) >= {"participants", "trials", "power", "cost"}


def test_the_guide_shows_what_is_printed() -> None:
    """The example of the how-to guide is the command's own output."""
    page = (DOCS / "how-to" / "choose-the-size-of-a-study.md").read_text(encoding="utf-8")
    command, expected = re.search(r"\$ budgetfusion analyze (.+)\n((?:.+\n)+?)```", page).groups()  # type: ignore[union-attr]  # the page has it

    assert run(*command.split()).output == expected


def test_audit_lists_every_reading() -> None:
    """Three readings, and the inequality the right way round."""
    arguments = ("audit", "35.2 ± 8.4", "--participants", 78, "--trials", 100, "--line", 25)
    text = run(*arguments, "--claim", "below").output

    for part in ("± is the SD", "± is the SE", "± is the 95 % CI", "impossible", "'35.2 % is below 25 %' is wrong"):
        assert part in text
    assert len(json.loads(run(*arguments, "--json").output)["reported"]["readings"]) == 3
    with pytest.raises(ReportedError):
        run("audit", "much", "--participants", 78, "--trials", 100)

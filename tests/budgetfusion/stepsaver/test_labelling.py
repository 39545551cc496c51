"""The similarity table of the embedded model, and the comparison that is read off it."""

from pathlib import Path

import numpy as np
from click.testing import CliRunner

from budgetfusion.budgets import prompt_id
from budgetfusion.cli import cli
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.measurements import read_table, write_table
from budgetfusion.stepsaver.labelling import SIMILARITY, label, similarities
from budgetfusion.stepsaver.labels import GRID


def test_similarities_of_the_embedded_model_can_be_made_again(model: Model, tmp_path: Path) -> None:
    """A row for each prompt, equal bit for bit, with one similarity fewer to the next than step counts."""
    made = [label(model, ["a red ball"], tmp_path / f"{k}.parquet", grid=(2, 4, 6), slots=2) for k in (0, 1)]

    of = similarities(read_table(tmp_path / "0.parquet", SIMILARITY)[0])
    assert made[0] == made[1]
    assert (of.grid, of.to_next.shape, of.to_final.shape) == ((2, 4, 6), (2,), (3,))
    assert (of.to_final[-1], of.to_next[-1]) == (1.0, of.to_final[-2])


def test_ddim_draws_its_own_images(model: Model, tmp_path: Path) -> None:
    """And the model that was handed in keeps its sampler."""
    before = type(model.pipe.scheduler)

    label(model, ["a red ball"], tmp_path / "s.parquet", grid=(2, 3, 4), slots=1)

    assert type(model.pipe.scheduler) is before


def test_the_comparison_names_every_way_to_choose(model: Model, tmp_path: Path) -> None:
    """Median, both heads, and ours, on the same held-out prompts."""
    rng = np.random.default_rng(0)
    names = [f"a red ball {k}" for k in range(30)]
    rows = [
        {
            "prompt_id": prompt_id(name),
            "prompt": name,
            "seed": 0,
            "grid": list(GRID),
            "to_next": rng.uniform(0.5, 1, len(GRID) - 1).tolist(),
            "to_final": rng.uniform(0.5, 1, len(GRID)).tolist(),
            "config_digest": model.digest,
        }
        for name in names
    ]
    write_table(tmp_path / "s.parquet", rows, SIMILARITY)
    (tmp_path / "asked.txt").write_text("\n".join(names[:5]))

    done = CliRunner().invoke(
        cli, ["stepsaver", "compare", str(tmp_path / "s.parquet"), "--held-out", str(tmp_path / "asked.txt")]
    )

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].startswith("first-decline: 5 held-out, 25 learned")
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "median",
        "StepSaver-R, ordinal",
        "StepSaver-R, huber",
        "ours (another question)",
    ]

"""OURS' step counts with other schedulers."""

from pathlib import Path

import pytest

from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.measurements import TRANSFER, read_table, write_table
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.transfers import Transfers

pytestmark = pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")  # KDPM2 in diffusers with NumPy 2
PROMPT = "an empty white wall"
BUDGETS = [Budget(prompt_id(PROMPT), PROMPT, "OURS", 2, 2, 2, 5, "d_sim", "ok", None, "m" * 64)]


@pytest.fixture(scope="module")
def transfers(model: Model) -> Transfers:
    """Return a question about two schedulers, one of which asks twice."""
    return Transfers(model, BUDGETS, [0], reference=6, schedulers=("EULER", "HEUN"))


def test_steps_or_evaluations_are_ours(transfers: Transfers, tmp_path: Path) -> None:
    """With equal steps a second-order scheduler asks nearly twice as often; with equal evaluations it takes fewer."""
    rows = transfers.rows(scene_encoder(), tmp_path / "t.parquet")

    assert [(r["scheduler"], r["equal"], r["num_steps"], r["evaluations"]) for r in rows] == [
        ("EULER", "steps", 5, 5),
        ("EULER", "evaluations", 5, 5),
        ("HEUN", "steps", 5, 9),
        ("HEUN", "evaluations", 3, 5),
    ]
    assert rows[3]["tflop"] == rows[0]["tflop"] < rows[2]["tflop"]
    assert transfers.answers(rows, scene_encoder())
    assert not transfers.answers(rows[1:], scene_encoder())


def test_finished_schedulers_are_not_asked_again(
    transfers: Transfers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that stopped goes on, and its rows are those that were made."""
    rows = transfers.rows(scene_encoder(), tmp_path / "t.parquet")
    monkeypatch.setattr(Transfers, "_of", lambda *_: pytest.fail("a scheduler was asked again"))

    again = transfers.rows(scene_encoder(), tmp_path / "t.parquet")

    write_table(tmp_path / "t.parquet", again, TRANSFER)
    assert again == rows == read_table(tmp_path / "t.parquet", TRANSFER)

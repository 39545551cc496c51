"""THE BUDGET TABLE: how many steps each prompt gets under each rule, and why."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from budgetfusion.measurements import read_table, write_table

BUDGET = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("rule", pa.string()),
        ("t_l_snr", pa.int64()),
        ("t_d_sim", pa.int64()),
        ("t_i_clip", pa.int64()),
        ("num_steps", pa.int64()),
        ("bound_by", pa.string()),
        ("status", pa.string()),
        ("predictor_digest", pa.string()),
        ("model_digest", pa.string()),
    ]
)


@dataclass(frozen=True)
class Budget:
    """How many denoising steps one prompt gets under one rule.

    The plateaus `t_l_snr`, `t_d_sim`, `t_i_clip` are none where the rule did not ask the predictor.
    """

    prompt_id: str
    prompt: str
    rule: str
    t_l_snr: int | None
    t_d_sim: int | None
    t_i_clip: int | None
    num_steps: int
    bound_by: str | None
    status: str
    predictor_digest: str | None
    model_digest: str


def prompt_id(prompt: str) -> str:
    """Return the name of a prompt in every table: the first 12 hexadecimal digits of its sha256."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:12]


def write_budgets(path: Path, budgets: list[Budget]) -> None:
    """Write budgets as Parquet, all of them or none."""
    write_table(path, [asdict(budget) for budget in budgets], BUDGET)


def read_budgets(path: Path) -> list[Budget]:
    """Read budgets written by `write_budgets`.

    Raises:
        FileContentError: If the file is missing or has other columns.
    """
    return [Budget(**row) for row in read_table(path, BUDGET)]

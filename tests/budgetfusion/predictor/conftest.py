"""Measurement rows and text embeddings of a made-up world, in which a prompt's number says how fast it converges."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from budgetfusion.budgets import prompt_id
from budgetfusion.steps import KNOTS

METRICS = ("l_snr", "d_sim", "i_clip")


def row(prompt: str, seed: int, num_steps: int, value: float, digest: str = "d" * 64) -> dict[str, Any]:
    """Return a row of the measurement table with the same value in every metric."""
    key = {"prompt_id": prompt_id(prompt), "prompt": prompt, "seed": seed, "num_steps": num_steps}
    return key | {"config_digest": digest} | dict.fromkeys(METRICS, value)


def decaying_rows(prompts: int, seeds: Sequence[int] = (0, 1), digest: str = "d" * 64) -> list[dict[str, Any]]:
    """Return rows of prompts whose curves fall at different speeds, each seed a little slower than the one before."""
    return [
        row(f"prompt {k}", seed, knot, float(np.exp(-(knot - 1) / (3 + 3 * k + seed))), digest)
        for k in range(prompts)
        for seed in seeds
        for knot in KNOTS
    ]


@pytest.fixture
def world() -> Callable[..., list[dict[str, Any]]]:
    """Make rows of so many prompts; see `decaying_rows`."""
    return decaying_rows

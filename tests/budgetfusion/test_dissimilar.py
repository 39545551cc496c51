"""A set of prompts no two of which mean nearly the same."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetfusion import dissimilar
from budgetfusion.cli import cli
from budgetfusion.dissimilar import keep_dissimilar


def encoder(width: int) -> dissimilar.TextEncoder:
    """Return an encoder whose vectors depend on the text alone."""

    def encode(prompts: Sequence[str]) -> np.ndarray:
        return np.stack([np.random.default_rng([ord(c) for c in p]).normal(size=width) for p in prompts]).astype("f4")

    return encode


def brute_force(prompts: Sequence[str], encode: dissimilar.TextEncoder, threshold: float) -> list[str]:
    """Visit the prompts in turn and compare each with all that were kept, one pair at a time."""
    units = [vector / np.linalg.norm(vector) for vector in encode(prompts)]
    vectors = dict(zip(prompts, units, strict=True))
    kept: list[str] = []
    for prompt in prompts:
        cosines = [vectors[prompt] @ vectors[k] for k in kept]
        if all(cosine < threshold for cosine in cosines):
            kept.append(prompt)
    return kept


@settings(deadline=None, max_examples=40)
@given(
    prompts=st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, min_size=1, max_size=40),
    threshold=st.sampled_from([0.0, 0.3, 0.75, 0.95]),
    block=st.integers(1, 9),
)
def test_the_set_is_that_of_comparing_every_pair(prompts: list[str], threshold: float, block: int) -> None:
    """In blocks of any size, in the order in which they come."""
    before, dissimilar.BLOCK = dissimilar.BLOCK, block
    try:
        kept = keep_dissimilar(prompts, encoder(3), threshold=threshold, seed=None)
    finally:
        dissimilar.BLOCK = before

    assert kept.prompts == brute_force(prompts, encoder(3), threshold)
    assert kept.visited == len(prompts)


def test_no_two_kept_prompts_reach_the_threshold() -> None:
    """And every prompt that was left out reaches it with one that was kept."""
    prompts = [f"{k}" for k in range(300)]
    kept = keep_dissimilar(prompts, encoder(4)).prompts

    vectors = encoder(4)(kept)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert (units @ units.T - 2 * np.eye(len(kept)) < 0.75).all()
    rest = encoder(4)([p for p in prompts if p not in kept])
    assert (rest / np.linalg.norm(rest, axis=1, keepdims=True) @ units.T >= 0.75).any(axis=1).all()


def test_the_order_is_that_of_the_seed() -> None:
    """The same seed gives the same set, another seed another."""
    prompts = [f"{k}" for k in range(200)]

    first, again, other = (keep_dissimilar(prompts, encoder(4), seed=seed).prompts for seed in (0, 0, 1))

    assert first == again != other


def test_the_command_reports_the_count_with_encoder_and_order(tmp_path: Path) -> None:
    """A count without both would mean nothing."""
    (tmp_path / "p.txt").write_text("a red ball\na red ball \nan empty white wall\na crowd of birds in a park\n")
    out = tmp_path / "kept.txt"

    done = CliRunner().invoke(cli, ["prompts", str(tmp_path / "p.txt"), "--out", str(out), "--threshold", "0.999"])

    assert done.exit_code == 0, done.output
    lines = out.read_text().splitlines()
    assert f"({len(lines)} of 3 kept: cosine below 0.999 by the text encoder of scenes, " in done.stdout
    assert done.stdout.rstrip().endswith("visited in the order of seed 0)")

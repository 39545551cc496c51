"""Measuring, and going on where it stopped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from budgetfusion import measure as measuring
from budgetfusion.diffusion.ladder import Ladder
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError
from budgetfusion.measure import measure
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.steps import KNOTS

JOBS = [("a red ball on a green field", 0), ("an empty white wall", 0), ("a blue house in a park", 1)]


class Renderer:
    """Stands in for the pipeline: noise that fades with the number of steps; counts what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[str, ...], int]] = []
        self.stop_after = 1000

    def __call__(
        self, model: Model, prompts: list[str], seeds: list[int], steps: tuple[int, ...], *, slots: int
    ) -> Ladder:
        """Make the images of every step count."""
        pixels = np.stack([self.make(prompts, seeds, num_steps) for num_steps in steps], axis=1)
        return Ladder(pixels, pixels[..., :8, :8, 0].astype(np.float32)[:, :, None])

    def make(self, prompts: list[str], seeds: list[int], num_steps: int) -> NDArray[np.uint8]:
        """Make those of one, or stop like a pulled plug."""
        self.calls.append((tuple(prompts), num_steps))
        if len(self.calls) > self.stop_after:
            raise KeyboardInterrupt
        noise = [
            np.random.default_rng([seed, len(p)]).integers(0, 255, (64, 64, 3))
            for p, seed in zip(prompts, seeds, strict=True)
        ]
        return np.stack([np.uint8(128 + (image - 128) / num_steps) for image in noise])


@pytest.fixture
def renderer(monkeypatch: pytest.MonkeyPatch) -> Renderer:
    """Put the stand-in where the pipeline is called."""
    stand_in = Renderer()
    monkeypatch.setattr(measuring, "ladder", stand_in)
    return stand_in


def test_every_job_is_measured_at_every_knot(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """One row for each prompt, seed and knot, perfect at the most steps."""
    rows = measure(model, scene_encoder(), JOBS, tmp_path / "m.parquet", batch_size=2)

    assert {(r["prompt"], r["seed"], r["num_steps"]) for r in rows} == {(p, s, n) for p, s in JOBS for n in KNOTS}
    assert {(r["d_sim"], r["i_clip"]) for r in rows if r["num_steps"] == KNOTS[-1]} == {(0.0, 1.0)}
    assert rows == read_table(tmp_path / "m.parquet", MEASUREMENT)


def test_a_stopped_run_goes_on_where_it_stopped(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """Finished batches are not made again, and the result is that of a run that was never stopped."""
    path, whole = tmp_path / "m.parquet", tmp_path / "whole.parquet"
    measure(model, scene_encoder(), JOBS, whole, batch_size=1)
    renderer.calls.clear()
    renderer.stop_after = len(KNOTS) + 3
    with pytest.raises(KeyboardInterrupt):
        measure(model, scene_encoder(), JOBS, path, batch_size=1)
    assert not path.exists()
    renderer.calls.clear()
    renderer.stop_after = 1000

    measure(model, scene_encoder(), JOBS, path, batch_size=1)

    assert len(renderer.calls) == 2 * len(KNOTS)
    assert path.read_bytes() == whole.read_bytes()
    assert [p.name for p in tmp_path.iterdir() if "parts" in p.name] == []


def test_more_seeds_extend_a_table(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """Rows that are there are kept and not made again."""
    path = tmp_path / "m.parquet"
    measure(model, scene_encoder(), JOBS[:1], path)
    renderer.calls.clear()

    rows = measure(model, scene_encoder(), JOBS, path)

    assert len(rows) == len(JOBS) * len(KNOTS)
    assert {prompts for prompts, _ in renderer.calls} == {(JOBS[1][0], JOBS[2][0])}


def test_a_table_of_another_model_is_refused(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """Rows of two models never share a table, and none is lost by trying."""
    path = tmp_path / "m.parquet"
    measure(model, scene_encoder(), JOBS[:1], path)
    before = path.read_bytes()

    with pytest.raises(FileContentError, match=rf"found rows of model digest {model.digest[:12]}, expected another"):
        measure(replace(model, digest="another model"), scene_encoder(), JOBS, path)

    assert path.read_bytes() == before


def test_a_real_measurement_is_reproducible(model: Model) -> None:
    """The same job gives the same rows, bit for bit, alone and beside others (at a few knots, to be quick)."""
    first = measuring.measure_batch(model, scene_encoder(), JOBS[:1], 4, (1, 2, 3, 5))
    second = measuring.measure_batch(model, scene_encoder(), JOBS[::-1], 4, (1, 2, 3, 5))

    assert first == second[-4:]
    assert [row["num_steps"] for row in first] == [1, 2, 3, 5]

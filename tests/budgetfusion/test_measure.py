"""Measuring, and going on where it stopped."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from numpy.typing import NDArray
from safetensors import safe_open

from budgetfusion import measure as measuring
from budgetfusion.diffusion.ladder import Ladder
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.errors import FileContentError, MetricNotFiniteError, NoSpaceError, ObjectStoreError
from budgetfusion.latents import LatentsFolder
from budgetfusion.measure import Batch, Measurer, measure, measure_with
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.places import Place
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


def test_a_row_says_through_what_it_was_seen(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """Captions are null where they were not asked for, and a number where they were."""
    plain = measure(model, scene_encoder(), JOBS[:1], tmp_path / "plain.parquet")
    spoken = measure(model, scene_encoder(captions=True), JOBS[:1], tmp_path / "spoken.parquet")

    assert {(row["encoder"], row["i_clip_caption"]) for row in plain} == {(scene_encoder().name, None)}
    assert {row["encoder"] for row in spoken} == {scene_encoder(captions=True).name}
    assert [row["i_clip_caption"] for row in spoken if row["num_steps"] == KNOTS[-1]] == [1.0]
    assert all(0 <= row["i_clip_caption"] <= 1 for row in spoken)
    assert spoken == read_table(tmp_path / "spoken.parquet", MEASUREMENT)


def test_a_table_of_another_encoder_is_refused(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """What two encoders say cannot be compared, and half a column of captions is none."""
    path = tmp_path / "m.parquet"
    measure(model, scene_encoder(), JOBS[:1], path)
    before = path.read_bytes()

    with pytest.raises(FileContentError, match=r"found rows of encoder scenes:.*, expected scenes\+captions:"):
        measure(model, scene_encoder(captions=True), JOBS, path)

    assert path.read_bytes() == before


def test_a_stopped_run_does_not_go_on_with_another_encoder(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """Its finished batches are left alone."""
    path = tmp_path / "m.parquet"
    renderer.stop_after = len(KNOTS) + 3
    with pytest.raises(KeyboardInterrupt):
        measure(model, scene_encoder(), JOBS, path, batch_size=1)
    renderer.stop_after = 1000

    rows = measure(model, scene_encoder(captions=True), JOBS, path, batch_size=1)

    assert {row["encoder"] for row in rows} == {scene_encoder(captions=True).name}


def test_a_real_measurement_is_reproducible(model: Model) -> None:
    """The same job gives the same rows, bit for bit, alone and beside others (at a few knots, to be quick)."""
    first = measuring.measure_batch(model, scene_encoder(), JOBS[:1], 4, (1, 2, 3, 5))
    second = measuring.measure_batch(model, scene_encoder(), JOBS[::-1], 4, (1, 2, 3, 5))

    assert first == second[-4:]
    assert [row["num_steps"] for row in first] == [1, 2, 3, 5]


def measurer_of(model: Model, table: Path | str, **changes: object) -> Measurer:
    """Return a measurer of small batches with the embedded encoder."""
    return replace(
        Measurer(lambda: (model, scene_encoder()), model.digest, scene_encoder().name, Place(table), 2), **changes
    )


def test_a_table_lies_in_an_object_store_as_on_a_disk(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """An address is written, extended and read like a path, and no part is left."""
    store = MemoryFileSystem()
    table = measurer_of(model, "memory://study/m.parquet")
    measure_with(table, JOBS[:2])
    rows = measure_with(table, JOBS)

    assert rows == measure_with(measurer_of(model, tmp_path / "m.parquet"), JOBS)
    assert rows == measure_with(measurer_of(model, (tmp_path / "url.parquet").as_uri()), JOBS)
    assert store.find("/study") == ["/study/m.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.parquet", "url.parquet"]


def test_progress_begins_with_what_earlier_runs_finished(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """So that the pace counts only what this run does."""
    table, done = measurer_of(model, tmp_path / "m.parquet"), list[int]()
    measure_with(table, JOBS[:1])
    table(tuple(JOBS[1:]))  # a part that a stopped run has left

    measure_with(table, JOBS, progress=done.append)

    assert done == [3]


def test_latents_are_kept_beside_the_rows(model: Model, renderer: Renderer, tmp_path: Path) -> None:
    """One file for each batch, in bfloat16, with what it is of; a batch that lacks its file is made again."""
    folder = LatentsFolder(Place(tmp_path / "latents"))
    table = measurer_of(model, tmp_path / "m.parquet", latents=folder)
    measurer_of(model, tmp_path / "m.parquet")(tuple(JOBS[:2]))  # a part without latents
    renderer.calls.clear()

    rows = measure_with(table, JOBS)

    assert len(renderer.calls) == 2 * len(KNOTS)
    assert {row["prompt"] for row in rows} == {prompt for prompt, _ in JOBS}
    with safe_open(tmp_path / "latents" / LatentsFolder.name(table.key(tuple(JOBS[:2]))), "pt") as file:
        found, about = file.get_tensor("latents"), file.metadata()
    assert (str(found.dtype), tuple(found.shape)) == ("torch.bfloat16", (2, len(KNOTS), 1, 8, 8))
    assert json.loads(about["jobs"]) == [list(job) for job in JOBS[:2]]
    assert json.loads(about["num_steps"]) == list(KNOTS)
    assert about["config_digest"] == model.digest


def test_a_metric_that_is_no_number_is_one_clear_line(
    model: Model, renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the image; nothing of the batch is written."""
    broken = {"l_snr": np.zeros(len(KNOTS)), "d_sim": np.full(len(KNOTS), np.nan)}
    monkeypatch.setattr(measuring, "measure_images", lambda *_: broken)

    with pytest.raises(MetricNotFiniteError, match=r"'a red ball .*\(seed 0, 1 steps\): found d_sim = nan, expected a"):
        measure(model, scene_encoder(), JOBS, tmp_path / "m.parquet")

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_clear_line(
    model: Model, renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the part that found no room, and a later run goes on."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "replace", fail)
        with pytest.raises(NoSpaceError, match=r"\.m\.parquet\.parts/.*no space left on the disk"):
            measure(model, scene_encoder(), JOBS, tmp_path / "m.parquet")

    assert len(measure(model, scene_encoder(), JOBS, tmp_path / "m.parquet")) == len(JOBS) * len(KNOTS)


class AwayFileSystem(MemoryFileSystem):
    """Stands in for a store that cannot be reached."""

    protocol = "away"

    def info(self, path: str, **kwargs: object) -> dict[str, object]:
        """Answer nothing."""
        raise TimeoutError("no answer after 60 s")


def test_an_unreachable_store_is_one_clear_line(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for an empty one, and nothing is measured in vain."""
    fsspec.register_implementation("away", AwayFileSystem, clobber=True)
    monkeypatch.setattr("budgetfusion.patience.WAITS_S", (0.0, 0.0))

    with pytest.raises(ObjectStoreError, match=r"away://b/m.parquet: .*\(no answer after 60 s\)\. Check the address"):
        measure_with(measurer_of(model, "away://b/m.parquet"), JOBS)


def test_parts_that_are_elsewhere_are_missed(model: Model, tmp_path: Path) -> None:
    """Workers on other machines must write where the table will be."""

    def run(measurer: Measurer, batches: list[Batch]) -> list[Batch]:
        return batches

    with pytest.raises(
        FileContentError, match=r"found 0 finished parts beside it, expected 2\. Give an --out that every"
    ):
        measure_with(measurer_of(model, tmp_path / "m.parquet"), JOBS, run=run)

    assert list(tmp_path.iterdir()) == []


def test_a_worker_with_another_model_is_refused(model: Model, tmp_path: Path) -> None:
    """A folder that differs from machine to machine never mixes two models in a table."""
    table = measurer_of(model, tmp_path / "m.parquet", digest="f" * 64)

    with pytest.raises(FileContentError, match=rf"found digest {model.digest[:12]}, expected ffffffffffff"):
        measure_with(table, JOBS)

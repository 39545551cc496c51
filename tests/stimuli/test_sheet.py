"""Contact sheets: every item with its prompt, its steps and its distances."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from stimuli.cli import stimuli as command
from stimuli.manifest import Item, Manifest, Renderer, Stimulus, write_manifest
from stimuli.perceived import Perceived, write_perceived
from stimuli.sheet import psnr_db, rows
from stimuli.store import Store

STEPS = {"S3": 3, "S9": 9, "REFERENCE": 65}


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A ladder of two step counts on two prompts, <b> among them."""
    store, distances, items = Store(tmp_path), {}, []
    for number, prompt in enumerate(["a <b>bold</b> ball", "a wall"]):
        base = rng.integers(60, 190, (16, 16, 3))
        made = {
            name: Stimulus(
                condition=name,
                num_steps=steps,
                sha256=store.save(np.clip(base + (65 - steps) * (number == 0), 0, 255).astype(np.uint8)),
                width=16,
                height=16,
                made_with="steps",
            )
            for name, steps in STEPS.items()
        }
        for k, name in enumerate(("S3", "S9")):
            distances[f"{made['REFERENCE'].sha256}:{made[name].sha256}"] = 0.25 if number == 0 else 0.0
            same = made[name].sha256 == made["REFERENCE"].sha256
            stimuli = {name: made[name], "REFERENCE": made["REFERENCE"]}
            items.append(
                Item(
                    item_id=f"i-{number}-{k}",
                    prompt=prompt,
                    seed=0,
                    purpose="identical" if same else "main",
                    reference=made["REFERENCE"],
                    stimuli=stimuli,
                )
            )
    write_perceived(tmp_path, Perceived(metric="d_sim", distances=distances))
    write_manifest(tmp_path, _manifest(items))
    return tmp_path


def test_a_row_of_items_has_the_reference_in_the_middle(folder: Path) -> None:
    """As a participant may see it."""
    (first, *_) = rows(folder, _read(folder), "items")

    assert [picture.caption for picture in first.pictures] == ["S3 · 3", "REFERENCE · 65", "REFERENCE · 65"]
    assert [picture.is_reference for picture in first.pictures] == [False, True, False]


def test_a_row_of_steps_has_each_image_of_a_prompt_once(folder: Path) -> None:
    """By steps: a ladder, or fewer than predicted, as many, and more."""
    found = rows(folder, _read(folder), "steps")

    assert [[picture.num_steps for picture in row.pictures] for row in found] == [[3, 9, 65], [3, 9, 65]]
    assert [row.note for row in found] == ["seed 0", "seed 0, identical"]


def test_distances_are_told_in_words(folder: Path) -> None:
    """PSNR from the pixels, D-SIM from the sidecar."""
    row, same = rows(folder, _read(folder), "steps")

    assert [picture.distance for picture in row.pictures] == ["12.3 dB · D 0.250", "13.2 dB · D 0.250", "reference"]
    assert same.pictures[0].distance == "equal to reference"


def test_psnr_is_that_of_the_textbook() -> None:
    """An error of 1 everywhere is 48.13 dB; equal pixels are infinitely near."""
    black = np.zeros((4, 4, 3), np.uint8)

    assert psnr_db(black + np.uint8(1), black) == pytest.approx(48.1308, abs=1e-4)
    assert psnr_db(black, black) == np.inf


@pytest.mark.parametrize("layout", ["items", "steps"])
def test_a_sheet_is_drawn(folder: Path, layout: str) -> None:
    """PNG by default, below the folder."""
    found = CliRunner().invoke(command, ["sheet", str(folder), "--layout", layout], catch_exceptions=False)

    assert f"({4 if layout == 'items' else 2} rows)" in found.stdout
    with Image.open(folder / "sheet.png") as image:
        assert min(image.size) > 300


def test_a_page_is_whole_and_escapes_prompts(folder: Path) -> None:
    """One file, every picture in it, and a prompt is text."""
    path = folder / "sheet.html"
    CliRunner().invoke(command, ["sheet", str(folder), "--out", str(path)], catch_exceptions=False)
    page = path.read_text(encoding="utf-8")

    assert page.count("data:image/png;base64,") == 12
    assert "a &lt;b&gt;bold&lt;/b&gt; ball" in page
    assert [word for word in ("http", 'src="/', "$") if word in page] == []


def test_another_ending_is_refused(folder: Path) -> None:
    """A wrong option is exit code 2."""
    found = CliRunner().invoke(command, ["sheet", str(folder), "--out", "sheet.pdf"])

    assert found.exit_code == 2
    assert "expected a name ending in .png or .html" in found.stderr


def _read(folder: Path) -> Manifest:
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())


def _manifest(items: list[Item]) -> Manifest:
    renderer = Renderer(
        model="scenes",
        revision=None,
        model_digest="d" * 64,
        scheduler="euler",
        guidance_scale=7.5,
        width=16,
        height=16,
        dtype="float32",
        engine="per-prompt",
        predictor_digest=None,
        versions={},
    )
    return Manifest(
        study="s",
        renderer=renderer,
        compare=("S3", "REFERENCE"),
        reference_condition="REFERENCE",
        items=items,
        digests={},
    )

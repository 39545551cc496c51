"""A stimuli folder holds exactly what its manifest names, or the difference is named."""

from pathlib import Path

import numpy as np
import pytest

from stimuli.errors import ManifestError, StimulusMismatchError, StimulusMissingError
from stimuli.manifest import Item, Manifest, Renderer, Stimulus, image_path, write_manifest
from stimuli.store import save
from stimuli.verify import verify


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A rendered folder with one item of three images."""
    images = {name: rng.integers(0, 256, (4, 4, 3), dtype=np.uint8) for name in ("REFERENCE", "OURS", "UNIFORM")}
    made = {
        name: Stimulus(condition=name, num_steps=9, sha256=save(tmp_path, pixels), width=4, height=4, made_with="steps")
        for name, pixels in images.items()
    }
    reference = made.pop("REFERENCE")
    item = Item(item_id="i-1", prompt="a ball", seed=0, purpose="main", reference=reference, stimuli=made)
    write_manifest(tmp_path, _manifest([item]))
    return tmp_path


def test_a_rendered_folder_is_proved(folder: Path) -> None:
    """Every image is decoded and compared."""
    verification = verify(folder)

    assert (verification.num_images, verification.surplus) == (3, ())
    assert verification.manifest.study == "s"


def test_surplus_files_are_named(folder: Path) -> None:
    """What the manifest does not name is reported, not removed."""
    (folder / "images" / "notes.txt").write_text("")

    assert verify(folder).surplus == ("notes.txt",)


def test_a_missing_image_is_named(folder: Path) -> None:
    """One lost file is found."""
    _first(folder).unlink()
    with pytest.raises(StimulusMissingError, match="image is missing"):
        verify(folder)


def test_a_changed_image_is_named(folder: Path) -> None:
    """One file with the pixels of another is found."""
    first, second = sorted((folder / "images").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    with pytest.raises(StimulusMismatchError, match=f"found pixels with sha256 {second.stem[:12]}"):
        verify(folder)


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    """Images alone prove nothing."""
    with pytest.raises(ManifestError, match="file is missing"):
        verify(tmp_path)


def _first(folder: Path) -> Path:
    return image_path(folder, min(path.stem for path in (folder / "images").iterdir()))


def _manifest(items: list[Item]) -> Manifest:
    renderer = Renderer(
        model="scenes",
        revision=None,
        model_digest="d" * 64,
        scheduler="euler",
        guidance_scale=7.5,
        width=4,
        height=4,
        dtype="float32",
        engine="per-prompt",
        predictor_digest=None,
        versions={},
    )
    return Manifest(
        study="s",
        renderer=renderer,
        compare=("OURS", "UNIFORM"),
        reference_condition="REFERENCE",
        items=items,
        digests={},
    )

"""A stimuli folder holds exactly what its manifest names, or the difference is named."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from stimuli.cli import stimuli as command
from stimuli.errors import ManifestError, StimulusMismatchError, StimulusMissingError
from stimuli.manifest import Item, Manifest, Renderer, Stimulus, image_path, write_manifest
from stimuli.store import Store, load, save
from stimuli.verify import inspect, verify


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


def test_every_fault_is_found_at_once(folder: Path) -> None:
    """One missing, one changed and one surplus image, each by its name."""
    first, second, third = sorted((folder / "images").iterdir())
    second.write_bytes(third.read_bytes())
    first.rename(first.with_name("b" * 64 + ".png"))
    found = inspect(folder)

    assert [type(fault) for fault in found.faults] == [StimulusMissingError, StimulusMismatchError]
    assert [first.stem in str(found.faults[0]), second.stem in str(found.faults[1])] == [True, True]
    assert (found.num_images, found.surplus) == (1, ("b" * 64 + ".png",))


def test_the_command_names_every_fault_and_fails(folder: Path) -> None:
    """Notes and faults go to standard error; the last fault is the command's own error."""
    for path in (folder / "images").iterdir():
        path.unlink()
    (folder / "images" / ".half.png.1.partial").write_bytes(b"half")
    found = CliRunner().invoke(command, ["verify", str(folder)])

    assert isinstance(found.exception, StimulusMissingError)
    assert found.stderr.count("fault: ") == 2
    assert "note: .half.png.1.partial is not in the manifest" in found.stderr


def test_an_object_store_is_verified(folder: Path) -> None:
    """The manifest is here, the images are there."""
    store = Store("memory://verified")
    for path in (folder / "images").iterdir():
        store.save(load(folder, path.stem))

    assert inspect(folder, store).num_images == 3
    assert len(inspect(folder, Store("memory://empty")).faults) == 3


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

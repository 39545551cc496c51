"""THE CONTRACT is read as written, named by its content, and refused when it is not what it says."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stimuli.errors import ManifestError
from stimuli.manifest import (
    CHOICE_COLUMNS,
    Item,
    Manifest,
    Renderer,
    Stimulus,
    image_path,
    read_manifest,
    write_manifest,
)

RENDERER = Renderer(
    model="scenes",
    revision=None,
    model_digest="d" * 64,
    scheduler="euler",
    guidance_scale=7.5,
    width=32,
    height=32,
    dtype="float32",
    engine="per-prompt",
    predictor_digest=None,
    versions={"torch": "2.13.0"},
)


def stimulus(condition: str, letter: str, **changes: Any) -> Stimulus:
    """Return a stimulus whose digest is one letter 64 times."""
    facts = {"condition": condition, "num_steps": 9, "sha256": letter * 64, "width": 32, "height": 32}
    return Stimulus.model_validate({**facts, "made_with": "steps", **changes})


def manifest() -> Manifest:
    """Return a manifest of one item whose reference is also shown by a condition."""
    reference = stimulus("REFERENCE", "a")
    ours, uniform = stimulus("OURS", "b"), stimulus("UNIFORM", "a")
    item = Item(
        item_id="i-1",
        prompt="ein größerer Ball",
        seed=0,
        purpose="main",
        reference=reference,
        stimuli={"OURS": ours, "UNIFORM": uniform},
    )
    return Manifest(
        study="s",
        renderer=RENDERER,
        compare=("OURS", "UNIFORM"),
        reference_condition="REFERENCE",
        items=[item],
        digests={"stimuli": "e" * 64},
    )


def test_a_manifest_is_read_as_written(tmp_path: Path) -> None:
    """Nothing is lost on the way to the disk and back, and the digest is the same."""
    written = manifest()
    path = write_manifest(tmp_path, written)

    assert path == tmp_path / "manifest.json"
    assert read_manifest(tmp_path) == written
    assert read_manifest(tmp_path).digest == written.digest


def test_the_digest_of_a_manifest_is_pinned() -> None:
    """Choices name their manifest by it, so a change of the schema that changes it must be deliberate."""
    assert manifest().digest == "3b262eb0a070a3cc7be65c97a201f017d3e461f9f68efc172816b14875c29f8e"


def test_the_digest_changes_with_one_image() -> None:
    """Two manifests with one digest show the same."""
    one = manifest()
    items = [one.items[0].model_copy(update={"reference": stimulus("REFERENCE", "c")})]

    assert one.model_copy(update={"items": items}).digest != one.digest


def test_every_image_is_listed_once() -> None:
    """An image that two conditions share is one file."""
    assert [s.sha256[0] for s in manifest().stimuli()] == ["a", "b"]


def test_an_item_may_have_no_reference() -> None:
    """A plain two-alternative choice shows no third image."""
    one = manifest()
    items = [one.items[0].model_copy(update={"reference": None})]

    assert [s.sha256[0] for s in one.model_copy(update={"items": items}).stimuli()] == ["b", "a"]


def test_an_image_lies_under_its_digest() -> None:
    """The name carries no meaning but the pixels."""
    assert image_path(Path("folder"), "a" * 64) == Path("folder", "images", "a" * 64 + ".png")


def test_records_are_frozen() -> None:
    """What was shown cannot be changed afterwards."""
    with pytest.raises(ValidationError, match="frozen"):
        manifest().study = "other"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "A" * 64}, "should match pattern"),
        ({"sha256": "a" * 63}, "should match pattern"),
        ({"width": 0}, "greater than 0"),
        ({"height": -1}, "greater than 0"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_stimulus_is_refused(changes: dict[str, Any], message: str) -> None:
    """Digests are 64 small hexadecimal digits, sizes are positive, unknown fields are faults."""
    with pytest.raises(ValidationError, match=message):
        stimulus("OURS", "a", **changes)


def test_the_columns_of_a_choice_are_the_contract() -> None:
    """Exports, analyses and other programs rely on these names in this order."""
    columns = """study study_digest manifest_digest mode participant session block trial_index item_id prompt seed
    purpose task reference_condition left_condition right_condition left_num_steps right_num_steps response chosen rt_ms
    correct repeat_of flags shown_at answered_at"""

    assert tuple(columns.split()) == CHOICE_COLUMNS


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    """The message says which command makes one."""
    with pytest.raises(ManifestError, match=r"manifest\.json: file is missing, .* Run `budgetfusion stimuli render`"):
        read_manifest(tmp_path)


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    """A manifest of a later program is not guessed at."""
    _change(tmp_path, schema_version=2)
    with pytest.raises(ManifestError, match=r"1 fault\(s\), the first at 'schema_version' \(Input should be 1\)"):
        read_manifest(tmp_path)


def test_an_unknown_field_is_named(tmp_path: Path) -> None:
    """A misspelt field is a fault, with its place."""
    _change(tmp_path, studdy="s")
    with pytest.raises(ManifestError, match="the first at 'studdy'"):
        read_manifest(tmp_path)


def test_half_a_manifest_is_refused(tmp_path: Path) -> None:
    """A file that was cut off is no manifest."""
    path = write_manifest(tmp_path, manifest())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ManifestError, match="Invalid JSON"):
        read_manifest(tmp_path)


def _change(folder: Path, **changes: Any) -> None:
    path = write_manifest(folder, manifest())
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")

"""Stored images become the manifest, whoever made them; what cannot be judged is refused."""

from pathlib import Path

import numpy as np
import pytest

from stimuli.assembly import find_images, freeze, save_image
from stimuli.drawn import card
from stimuli.errors import EqualConditionsError, NotImportedError, UnequalSizesError
from stimuli.index import ImageIndex
from stimuli.manifest import Manifest, Renderer
from stimuli.plan import plan_items, recipes_of
from stimuli.store import Store
from stimuli.studyfile import StudyFile, read_study_file, template

RENDERER = Renderer(
    model="scenes",
    revision=None,
    model_digest="d" * 64,
    scheduler="euler",
    guidance_scale=7.5,
    width=12,
    height=12,
    dtype="float32",
    engine="per-prompt",
    predictor_digest=None,
    versions={},
)
CONDITIONS = """
[[stimuli.conditions]]
name = "OURS"
rule = "steps"
num_steps = 9
[[stimuli.conditions]]
name = "THEIRS"
rule = "folder"
[[stimuli.conditions]]
name = "REFERENCE"
rule = "steps"
num_steps = 65
"""


@pytest.fixture
def study(tmp_path: Path) -> StudyFile:
    """A study of images that are rendered here beside images made elsewhere."""
    before, rest = template().split("[stimuli]\n", 1)
    table = 'prompts = ["a ball", "a box"]\nseeds = [0]\ncompare = ["OURS", "THEIRS"]\ncheck_items = 1\n' + CONDITIONS
    path = tmp_path / "study.toml"
    path.write_text(f"{before}[stimuli]\n{table}\n[design]\n{rest.split('[design]', 1)[1]}", encoding="utf-8")
    return read_study_file(path)


def assemble(study: StudyFile, folder: Path, *, side: int = 12, same: bool = False, imports: bool = True) -> Manifest:
    """Store an image for each recipe and freeze; `side` is that of imported images, `same` makes all alike."""
    store, rng = Store(folder), np.random.default_rng(1)
    index, planned = ImageIndex(folder, store, "d" * 64), plan_items(study.stimuli, {})
    for recipe in recipes_of(planned):
        size = side if recipe.source == "folder" else 12
        pixels = rng.integers(0, 1 if same else 256, (size, size, 3), dtype=np.uint8)
        if recipe.source == "model" or (recipe.source == "folder" and imports):
            index.add(recipe, save_image(store, pixels))
    found = find_images(ImageIndex(folder, store, "d" * 64), recipes_of(planned))
    return freeze(study, planned, found, store, RENDERER)


def test_rendered_and_imported_images_stand_beside_each_other(study: StudyFile, tmp_path: Path) -> None:
    """A baseline from anywhere is judged like a condition of ours."""
    manifest = assemble(study, tmp_path / "s")
    mains = [item for item in manifest.items if item.purpose == "main"]

    assert [{name: s.made_with for name, s in item.stimuli.items()} for item in mains] == [
        {"OURS": "steps", "THEIRS": "folder"}
    ] * 2
    assert manifest.pairs() == [("OURS", "THEIRS")]
    assert manifest.prompts_from == "the study file; whether a model learned from them is not known"


def test_a_card_is_as_large_as_the_other_images(study: StudyFile, tmp_path: Path) -> None:
    """A page that lays out one trial lays out all."""
    item = next(item for item in assemble(study, tmp_path / "s").items if item.purpose == "check")

    assert {(s.width, s.height) for s in item.stimuli.values()} == {(12, 12)}
    assert item.reference == item.stimuli["INSTRUCTED"]


@pytest.mark.parametrize("size", [(64, 64), (256, 128), (40, 90), (8, 8)])
def test_a_card_has_its_size_and_is_no_blank(size: tuple[int, int]) -> None:
    """Words of any picture's size."""
    picture = card("Choose this picture", *size)

    assert picture.shape == (size[1], size[0], 3)
    assert len(np.unique(picture)) > 1


def test_a_missing_import_is_named(study: StudyFile, tmp_path: Path) -> None:
    """Rendering alone does not finish such a study."""
    with pytest.raises(
        NotImportedError, match=r"THEIRS: found no image of 'a ball', seed 0, .*`budgetfusion stimuli imp"
    ):
        assemble(study, tmp_path / "s", imports=False)


def test_images_of_different_sizes_in_an_item_are_refused(study: StudyFile, tmp_path: Path) -> None:
    """A browser would scale one of them."""
    with pytest.raises(UnequalSizesError, match=r"found images of different sizes \(OURS 12 x 12, THEIRS 9 x 9, REF"):
        assemble(study, tmp_path / "s", side=9)


def test_conditions_with_equal_pixels_everywhere_are_refused(study: StudyFile, tmp_path: Path) -> None:
    """Different recipes may still show the same."""
    with pytest.raises(EqualConditionsError, match="OURS and THEIRS render to equal pixels in each of their 2 items"):
        assemble(study, tmp_path / "s", same=True)


def test_a_line_of_another_version_is_not_looked_at(study: StudyFile, tmp_path: Path) -> None:
    """An index of an older program, or half a line, costs a rendering and breaks nothing."""
    (tmp_path / "s").mkdir()
    lines = '["digest", "a ball", 0, 9, "sha"]\n{"model": "d", "image": 3}\n{"mod\n\n7\n'
    (tmp_path / "s" / "rendered.jsonl").write_text(lines)

    assert len(assemble(study, tmp_path / "s").items) == 2 + 4 + 2 + 1

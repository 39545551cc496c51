"""Images made elsewhere: taken in as they are, or refused with file and remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from stimuli.cli import stimuli as command
from stimuli.errors import MasterError, NotImportedError, PatternError, StudyFileError
from stimuli.importing import Import, import_folder
from stimuli.manifest import read_manifest
from stimuli.patterns import Pattern
from stimuli.studyfile import read_study_file, template
from stimuli.verify import verify

CONDITIONS = ("OURS", "THEIRS", "REFERENCE")
PROMPTS = [f"picture number {k}, drawn by a test" for k in range(50)]
BY_PROMPT = "{prompt}/{condition}.png"


def write_study(folder: Path, prompts: list[str] = PROMPTS, **changes: Any) -> Path:
    """Write a study of images made elsewhere and return its path."""
    table = {"seeds": "[0]", "compare": '["OURS", "THEIRS"]', "reference": '"REFERENCE"', **changes}
    lines = [f"{key} = {value}" for key, value in table.items()]
    lines += [f'[[stimuli.conditions]]\nname = "{name}"\nrule = "folder"' for name in CONDITIONS]
    before, rest = template().split("[stimuli]\n", 1)
    text = (
        f"{before}[stimuli]\nprompts = {prompts}\n" + "\n".join(lines) + f"\n[design]\n{rest.split('[design]', 1)[1]}"
    )
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def draw(rng: np.random.Generator, width: int = 24, height: int = 18) -> NDArray[np.uint8]:
    """Return a picture: a gradient with a spot and some noise."""
    y, x = np.mgrid[:height, :width]
    spot = np.hypot(x - rng.integers(width), y - rng.integers(height)) < 5
    base = np.stack([x * 8, y * 9, np.where(spot, 250, 30)], axis=2) + rng.integers(0, 12, (height, width, 3))
    return np.clip(base, 0, 255).astype(np.uint8)


@pytest.fixture
def source(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A folder of 50 triplets, `<prompt>/<condition>.png`."""
    folder = tmp_path / "made-elsewhere"
    for prompt in PROMPTS:
        place = folder / prompt.replace(",", "").replace(" ", "_")
        place.mkdir(parents=True)
        for condition in CONDITIONS:
            Image.fromarray(draw(rng)).save(place / f"{condition.lower()}.png")
    return folder


def take(tmp_path: Path, source: Path, pattern: str = BY_PROMPT, **changes: Any) -> Import:
    """Import a folder into a fresh stimuli folder."""
    return import_folder(read_study_file(write_study(tmp_path, **changes)), source, pattern, tmp_path / "stimuli")


def test_fifty_triplets_become_a_study(tmp_path: Path, source: Path) -> None:
    """Every image is stored under its pixels, the manifest is complete, and the folder verifies."""
    (source / "notes.txt").write_text("not an image")
    done = take(tmp_path, source, catch_items=4, practice_items=2, check_items=2)
    assert done.manifest is not None
    mains = [item for item in done.manifest.items if item.purpose == "main"]

    assert (done.num_images, done.num_left_out, len(mains)) == (150, 1, 50)
    assert [item.prompt for item in mains] == PROMPTS
    assert verify(tmp_path / "stimuli").manifest == done.manifest
    assert verify(tmp_path / "stimuli").surplus == ()


def test_an_imported_image_keeps_its_pixels(tmp_path: Path, source: Path) -> None:
    """What people see is what was in the folder, bit for bit."""
    manifest = take(tmp_path, source).manifest
    assert manifest is not None
    item = next(item for item in manifest.items if item.prompt == PROMPTS[7])
    with Image.open(source / "picture_number_7_drawn_by_a_test" / "theirs.png") as image:
        expected = np.asarray(image)
    with Image.open(tmp_path / "stimuli" / "images" / f"{item.stimuli['THEIRS'].sha256}.png") as image:
        np.testing.assert_array_equal(np.asarray(image), expected)


def test_importing_again_changes_nothing(tmp_path: Path, source: Path) -> None:
    """The manifest is the same, and so are the files."""
    first, second = take(tmp_path, source), take(tmp_path, source)
    assert first.manifest is not None
    assert second.manifest is not None

    assert first.manifest.digest == second.manifest.digest
    assert len((tmp_path / "stimuli" / "rendered.jsonl").read_text().split()) > 0


def test_lossless_webp_is_taken_and_can_be_the_format_of_the_store(tmp_path: Path, source: Path) -> None:
    """The pixels name the image, so the format does not matter."""
    as_png = take(tmp_path, source).manifest
    for path in source.rglob("*.png"):
        Image.open(path).save(path.with_suffix(".webp"), lossless=True)
        path.unlink()
    as_webp = take(tmp_path, source, "{prompt}/{condition}.webp", image_format='"webp"').manifest
    assert as_png is not None
    assert as_webp is not None

    assert [i.stimuli for i in as_webp.items] == [i.stimuli for i in as_png.items]
    assert verify(tmp_path / "stimuli").num_images == len(
        {path.stem for path in (tmp_path / "stimuli" / "images").glob("*.webp")}
    )


def test_a_catch_item_opposes_the_reference_to_a_coarse_copy(tmp_path: Path, source: Path) -> None:
    """Nobody who looks takes it for the reference; its size is the same."""
    manifest = take(tmp_path, source, catch_items=1).manifest
    assert manifest is not None
    item = next(item for item in manifest.items if item.purpose == "catch")
    with Image.open(tmp_path / "stimuli" / "images" / f"{item.stimuli['OBVIOUS'].sha256}.png") as image:
        coarse = np.asarray(image)

    assert item.reference is not None
    assert item.stimuli["REFERENCE"].sha256 == item.reference.sha256
    assert coarse.shape == (18, 24, 3)
    assert len(np.unique(coarse.reshape(-1, 3), axis=0)) <= 6 * 8


def test_numbers_of_steps_are_read_from_the_names(tmp_path: Path, rng: np.random.Generator) -> None:
    """Whoever says them in the name finds them in every choice."""
    source = tmp_path / "made-elsewhere"
    source.mkdir()
    for line in (1, 2):
        for condition, steps in zip(CONDITIONS, (7, 11, 65), strict=True):
            Image.fromarray(draw(rng)).save(source / f"{line:03d}_{condition}_{steps}.png")
    manifest = take(
        tmp_path, source, "{line}_{condition}_{num_steps}.png", prompts=["one", "two"], catch_items=0, practice_items=0
    ).manifest
    assert manifest is not None

    assert {name: s.num_steps for name, s in manifest.items[1].stimuli.items()} == {"OURS": 7, "THEIRS": 11}
    assert manifest.renderer.model == "made elsewhere"


def spoil(path: Path, how: Callable[[Image.Image, Path], None]) -> None:
    """Replace an image by one with a fault."""
    with Image.open(path) as image:
        image.load()
    how(image, path)


FAULTS: list[tuple[Callable[[Image.Image, Path], None], str]] = [
    (lambda i, p: i.save(p, format="JPEG"), r"found JPEG, expected PNG or lossless WebP\. Save it again as 8-bit RGB"),
    (lambda i, p: i.convert("L").save(p), "found a grey image, expected RGB without transparency"),
    (lambda i, p: i.convert("RGBA").save(p), "found transparency, expected RGB"),
    (lambda i, p: i.save(p, icc_profile=b"a profile"), r"found a colour profile \(iCCP\), expected plain sRGB"),
    (lambda i, p: i.save(p, exif=i.getexif().tobytes() + b"x"), r"found metadata \(eXIf\), expected nothing but"),
    (lambda i, p: i.resize((12, 9)).save(p), "found 12 x 9 pixels, expected 24 x 18 as in the rest of its item"),
    (lambda i, p: p.write_bytes(p.read_bytes()[:60]) and None, "found a file that was cut off"),
]


@pytest.mark.parametrize(("how", "message"), FAULTS)
def test_an_unfit_image_is_named_and_nothing_is_stored(
    tmp_path: Path, source: Path, how: Callable[[Image.Image, Path], None], message: str
) -> None:
    """The message has the file, what was found, what was expected and what to do."""
    path = source / "picture_number_30_drawn_by_a_test" / "theirs.png"
    spoil(path, how)
    with pytest.raises(MasterError, match=rf"picture_number_30_drawn_by_a_test/theirs\.png: {message}"):
        take(tmp_path, source)

    assert not (tmp_path / "stimuli").exists()


def test_a_missing_image_is_named(tmp_path: Path, source: Path) -> None:
    """149 of 150 images are no study; what is there is kept for the next run."""
    (source / "picture_number_30_drawn_by_a_test" / "theirs.png").unlink()
    with pytest.raises(NotImportedError, match="Condition THEIRS: found no image of 'picture number 30, drawn by a"):
        take(tmp_path, source)

    assert not (tmp_path / "stimuli" / "manifest.json").exists()
    assert len(list((tmp_path / "stimuli" / "images").iterdir())) == 149


PATTERNS = [
    ("{prompt}.png", r"found fields \['prompt'\], expected \{condition\} and one of"),
    ("{prompt}/{line}/{condition}.png", "expected {condition} and one of {prompt} {number} {line}"),
    ("{prompt}/{condition}-{colour}.png", r"found the unknown field \{colour\}"),
    ("{prompt}/{condition}/{condition}.png", "found a field twice"),
    ("{prompt}/{condition}.tiff", "found no file that it fits and the study declares, expected one such as picture"),
]


@pytest.mark.parametrize(("pattern", "message"), PATTERNS)
def test_a_wrong_pattern_is_refused(tmp_path: Path, source: Path, pattern: str, message: str) -> None:
    """The message says what may stand in a pattern."""
    with pytest.raises(PatternError, match=message):
        take(tmp_path, source, pattern)


def test_two_files_for_one_image_are_refused() -> None:
    """It is not guessed which is meant."""
    pattern = Pattern("{prompt}/{condition}.png", ["a ball"], [0], ["OURS"])
    with pytest.raises(PatternError, match=r"found a ball/ours\.png and a_ball/ours\.png for the same image"):
        pattern.read(["a_ball/ours.png", "a ball/ours.png"])


def test_a_study_with_several_seeds_needs_them_in_the_names() -> None:
    """Else one image would stand for several."""
    with pytest.raises(PatternError, match=r"found no \{seed\}, expected it, because the study has the seeds \[0, 1\]"):
        Pattern("{prompt}/{condition}.png", ["a ball"], [0, 1], ["OURS"])


def test_the_command_tells_what_it_took(tmp_path: Path, source: Path) -> None:
    """The images, what was left out, and the manifest's digest."""
    (source / "notes.txt").write_text("")
    study, out = write_study(tmp_path), tmp_path / "stimuli"
    words = ["import", str(source), "--study", str(study), "--pattern", BY_PROMPT, "--out", str(out)]
    found = CliRunner().invoke(command, words, catch_exceptions=False)

    assert "note: 1 files in" in found.stderr
    assert "Imported: 150 images" in found.stdout
    assert read_manifest(out).digest[:12] in found.stdout


def test_a_study_without_such_conditions_is_refused(tmp_path: Path, source: Path) -> None:
    """There is nothing to import for it."""
    path = tmp_path / "study.toml"
    path.write_text(template(), encoding="utf-8")
    (tmp_path / "prompts.txt").write_text("a ball\na box\n")
    words = ["import", str(source), "--study", str(path), "--pattern", BY_PROMPT, "--out", str(tmp_path / "out")]
    with pytest.raises(StudyFileError, match="found no condition of rule 'folder', expected one"):
        CliRunner().invoke(command, words, catch_exceptions=False)

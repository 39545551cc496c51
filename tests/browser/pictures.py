"""Take the pictures of the documentation's pages: `python -m tests.browser.pictures [participant] [desk]`.

A study is rendered with the embedded model (once, into build/pictures) and served on a loopback port, and a real
Chromium goes through it. A set of pictures is a module with a function `take(stage)`; its pictures lie in the folder of
docs/images of its name.
"""

import importlib
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from study_server.serving import serving
from study_server.settings import Settings

ROOT = Path(__file__).parents[2]
IMAGES, KEPT = ROOT / "docs" / "images", ROOT / "build" / "pictures"
SETS = {"participant": "tests.browser.participant_pictures", "desk": "tests.browser.desk_pictures"}
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SECRET = "of these pictures, and of nothing else"  # noqa: S105
STUDY = "pictures"
PROMPTS = (
    "a blue house on an orange striped wall",
    "a big black heart in a park",
    "an image of two red hearts to the left of a big blue boat at a beach",
    "two flowers, a blue kite and two cyan boats on a brown road",
)
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text", "--lang=en")
FEW = 1500
"""Colours that a page of text stays below."""


@dataclass(frozen=True)
class Stage:
    """What a set of pictures works with.

    Args:
        url: Address of the server.
        database: Of the server.
        stimuli: Folder of the images that it shows.
        study_file: Of the study, to make others like it.
        browser: A headless Chromium.
        folder: Where the pictures go.
    """

    url: str
    database: str
    stimuli: Path
    study_file: Path
    browser: Browser
    folder: Path

    @contextmanager
    def page(self, size: str) -> Iterator[Page]:
        """Open a page in a browser without a past; `size` is one of SIZES."""
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        yield context.new_page()
        context.close()

    def keep(self, page: Page, name: str) -> None:
        """Take a picture of what the window shows; a page of text, which has few colours, gets a palette."""
        page.wait_for_load_state("networkidle")
        taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        path = self.folder / f"{name}.png"
        few = taken.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        (taken if taken.getcolors(FEW) is None else few).save(path, optimize=True)
        print(f"{path.stat().st_size / 1000:7.1f} kB  {path.relative_to(IMAGES)}")  # noqa: T201


def main(wanted: list[str]) -> None:
    """Take the named sets of pictures, or all."""
    stimuli, database = KEPT / "stimuli", KEPT / "study.db"
    study_file = _study_file()
    _budgetfusion("stimuli", "render", study_file, "--out", stimuli)
    for old in KEPT.glob("study.db*"):
        old.unlink()
    url = f"sqlite:///{database}"
    _budgetfusion("study", "create", study_file, "--stimuli", stimuli, "--database", url)
    with serving(Settings(SECRET, url, min_free_mb=0)) as address, _chromium() as browser:
        for each in wanted or list(SETS):
            (IMAGES / each).mkdir(parents=True, exist_ok=True)
            stage = Stage(address, url, stimuli, study_file, browser, IMAGES / each)
            importlib.import_module(SETS[each]).take(stage)


def _study_file() -> Path:
    """Write the template as an experimenter would fill it in."""
    shutil.rmtree(KEPT / "file", ignore_errors=True)
    path = KEPT / "file" / "study.toml"
    path.parent.mkdir(parents=True)
    _budgetfusion("study", "new", path)
    (path.parent / "prompts.txt").write_text("\n".join(PROMPTS) + "\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    filled = {
        'name = "my-study"': f'name = "{STUDY}"',
        "REPLACE: your institution": "Institute of Vision, Example University",
        "REPLACE: name, e-mail": "vision@example.org",
        "REPLACE: approval number of your ethics committee": "EK 2026-014",
        "REPLACE: institution, names, contact": "Institute of Vision, Example University, vision@example.org",
        "REPLACE: number": "EK 2026-014",
        "catch_items = 4": "catch_items = 0",
        "practice_items = 2": "practice_items = 1",
        "main_trials = 24": "main_trials = 4",
        "repeats = 4": "repeats = 0",
        "card_calibration = false": "card_calibration = true",
    }
    for placeholder, value in filled.items():
        text = text.replace(placeholder, value)
    path.write_text(text, encoding="utf-8")
    return path


def _budgetfusion(*words: object) -> None:
    program = Path(sys.executable).with_name("budgetfusion")
    subprocess.run([program, *map(str, words)], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _chromium() -> Iterator[Browser]:
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("BUDGETFUSION_CHROMIUM") or next(filter(None, found), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        try:
            yield browser
        finally:
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])

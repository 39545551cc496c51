"""Does the screen show the study's own pixels? Screenshots of trials at four scales of the screen.

A real browser takes the study at each device pixel ratio. What it paints where the images stand, read back from a
screenshot, is compared with the image that is planned for this place of this trial, each pixel widened to the same
whole number of device pixels.
"""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Page

from benchmarks.browser import Pixels, chromium, enter, planned, publish
from benchmarks.harness import Figure, main
from study_server.serving import serving
from study_server.settings import Settings

RATIOS = (1.0, 1.25, 1.5, 2.0)
SIDES = (64, 300)
"""A small image is widened; a larger one is shown pixel by pixel."""
TRIALS, QUICK_TRIALS = 12, 1
IMAGES_OF_A_TRIAL = 3
WANTED_CSS_PX = 256


def measure(quick: bool) -> list[Figure]:
    """Compare the screen with the stored images at each ratio, for small and for large images."""
    return [figure for side in SIDES for figure in _of_side(side, QUICK_TRIALS if quick else TRIALS)]


def _of_side(side: int, trials: int) -> list[Figure]:
    with TemporaryDirectory(prefix="bfviewer") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'study.db'}"
        masters = publish(url, folder, trials, side)
        with serving(Settings("of a benchmark, and of nothing else", url, min_free_mb=0)) as address:
            return [_figure(address, url, ratio, trials, masters) for ratio in RATIOS]


def _figure(address: str, url: str, ratio: float, trials: int, masters: list[Pixels]) -> Figure:
    side, differing = masters[0].shape[0], 0
    wide = max(1, int(WANTED_CSS_PX * ratio) // side)
    with chromium(f"--force-device-scale-factor={ratio}", "--window-size=1280,900") as browser:
        page = browser.new_context(no_viewport=True).new_page()
        enter(page, address)
        plan = planned(url, masters)
        for _ in range(trials):
            differing += _differing(page, ratio, wide, plan[int(page.get_attribute("#stage", "data-trial") or -1)])
            _go_on(page)
    pixels = trials * IMAGES_OF_A_TRIAL * (side * wide) ** 2
    name = f"differing pixels: {side} x {side}, ratio {ratio:g}, {wide} device pixels for one"
    return Figure(name, differing, "", 0.0, "<=", "device pixels compared", pixels)


def _differing(page: Page, ratio: float, wide: int, images: dict[str, Pixels]) -> int:
    """Return how many device pixels of the trial on the screen differ from the images that belong there."""
    page.wait_for_timeout(150)
    screen, found = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")), 0
    for place, image in images.items():
        box = page.locator(f"#{place}").bounding_box()
        assert box is not None  # noqa: S101 - it is on the screen
        x, y = round(box["x"] * ratio), round(box["y"] * ratio)
        wanted = np.kron(image, np.ones((wide, wide, 1), dtype=np.uint8))
        part = screen[y : y + wanted.shape[0], x : x + wanted.shape[1]]
        found += int((part != wanted).any(axis=2).sum())
    return found


def _go_on(page: Page) -> None:
    before = page.get_attribute("#stage", "data-trial")
    page.keyboard.press("f")
    page.wait_for_function(
        "(before) => location.pathname.endsWith('/done')"
        " || ![undefined, before].includes(document.querySelector('#stage')?.dataset.trial)",
        arg=before,
    )


if __name__ == "__main__":
    main("viewer", measure)

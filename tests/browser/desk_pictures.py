"""The pictures of the desk: each page of the journey of `desk_journey`, 1440 by 900."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.browser import desk_journey
from tests.browser.pictures import Stage

FEW = 1500
"""A page without pictures has fewer colours than this, most of them shades of letters."""


def take(stage: Stage) -> None:
    """Go through the journey and keep each page."""
    context = stage.browser.new_context(viewport=desk_journey.SIZE, accept_downloads=True)
    page = context.new_page()
    with (
        tempfile.TemporaryDirectory() as root,
        desk_journey.desk_of(Path(root), page, lambda name: _keep(page, stage.folder / f"{name}.png")) as desk,
    ):
        desk_journey.go_through(desk)
    context.close()


def _keep(page: Page, path: Path) -> None:
    """Keep what the window shows; in few colours where it has few, the rare ones of states among them."""
    page.wait_for_load_state("networkidle")
    taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    has_few = taken.getcolors(FEW) is not None
    few = taken.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE) if has_few else taken
    few.save(path, optimize=True)
    print(f"{path.stat().st_size / 1000:7.1f} kB  {path.name}")  # noqa: T201

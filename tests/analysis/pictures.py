"""Take the pictures of reports: `python -m tests.analysis.pictures [--data FOLDER] [--demo FOLDER]`.

`--data` is the folder of published data sets (see `budgetfusion analyze validate`): a report of a real study, a scale
of a real comparison. `--demo` is what `budgetfusion demo` made. They lie in docs/images/report and docs/images/models.
"""

import argparse
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from analysis import model_files
from analysis.report import write_report
from benchmarks.browser import chromium

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PAIRS = (("ours", "styleclip_o"), ("ours", "styleclip_g"))
OF_FIRST = ("caterpillar", "claims", "estimators", "power", "sides", "specifications")
OF_ALL = ("scale", "selection-rates", "triangle")
OF_DEMO = ("claims", "efficiency", "estimators", "flow", "selection-rates", "specifications")
PAGE = {"width": 960, "height": 1400}


def take_real(data: Path) -> None:
    """Take the pictures of a real study, two comparisons of the same people, and of a real scale."""
    with TemporaryDirectory() as name:
        out = Path(name)
        write_report(data / "dynavect_long.csv", None, out, compare=PAIRS)
        figures = {f"ours-v-styleclip-o-{figure}": f"real-{figure}" for figure in OF_FIRST}
        keep(out / "figures", figures | {figure: f"real-{figure}" for figure in OF_ALL})
        photograph(out / "index.html", IMAGES / "report" / "real-study-page.png")
    rows = model_files.read_rows(data / "pwcmp_tmo_ex3.csv", None)
    made = model_files.make_scales(rows, "thurstone", "none", by="prompt", position=False)
    with TemporaryDirectory() as name:
        model_files.write_scales(made, Path(name), 0.95)
        draw([Path(name) / f"{figure}.svg" for figure in ("places", "triangle", "screening")])


def take_demo(demo: Path) -> None:
    """Take the pictures of the demo's report."""
    keep(demo / "report" / "figures", {figure: f"demo-{figure}" for figure in OF_DEMO})
    photograph(demo / "report" / "index.html", IMAGES / "report" / "demo-page.png")


def keep(folder: Path, names: dict[str, str]) -> None:
    """Keep figures of a report at half their size, in few colours."""
    for name, kept in names.items():
        with Image.open(folder / f"{name}.png") as image:
            small = image.convert("RGB").resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)
            small.quantize(64, dither=Image.Dither.NONE).save(IMAGES / "report" / f"{kept}.png", optimize=True)


def draw(vectors: Iterable[Path]) -> None:
    """Draw vector figures as a browser does."""
    with chromium() as browser:
        page = browser.new_page(device_scale_factor=2)
        for vector in vectors:
            page.goto(vector.as_uri())
            box = page.locator("svg").first.bounding_box()
            shot = page.screenshot(clip=box) if box else page.screenshot()
            (IMAGES / "models" / f"{vector.stem}.png").write_bytes(shot)


def photograph(page_file: Path, place: Path) -> None:
    """Keep the top of a page as a browser shows it."""
    with chromium() as browser:
        page = browser.new_page(viewport=PAGE)
        page.goto(page_file.resolve().as_uri())
        with Image.open(io.BytesIO(page.screenshot())) as image:
            image.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(place, optimize=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Take what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.analysis.pictures")
    parser.add_argument("--data", type=Path, help="folder with the published data sets")
    parser.add_argument("--demo", type=Path, help="folder that `budgetfusion demo` filled")
    options = parser.parse_args(arguments)
    if options.data:
        take_real(options.data)
    if options.demo:
        take_demo(options.demo)


if __name__ == "__main__":
    main()

"""`budgetfusion stimuli`: render, import, verify, sheet."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from budgetfusion.budgets import Budget
    from budgetfusion.diffusion.pipeline import Model
    from stimuli.manifest import Manifest
    from stimuli.store import Store
    from stimuli.studyfile import StudyFile

FOLDER = click.Path(path_type=Path, file_okay=False)
IMAGES = click.option("--images", help="Where the images lie: a folder, or an address for fsspec.  [default: FOLDER]")


class PartType(click.ParamType[tuple[int, int]]):
    """A part of how many, such as 1/2."""

    name = "k/n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Turn the text into two numbers, or say what is wrong."""
        number, _, count = str(value).partition("/")
        if number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count):
            return int(number), int(count)
        self.fail(f"found '{value}', expected a part such as 1/2", param, ctx)


@click.group()
def stimuli() -> None:
    """Render, import, verify and look at a study's images."""


@stimuli.command()
@click.argument("study_file", type=click.Path(path_type=Path))
@click.option("--out", type=FOLDER, required=True, help="The stimuli folder.")
@click.option("--images", help="Where the images go: a folder, or an address for fsspec.  [default: OUT]")
@click.option("--part", type=PartType(), help="Render only part K of N; no manifest is written.")
@click.option("--predictor", type=click.Path(path_type=Path), help="A predictor; forces it on any model.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--dry-run", is_flag=True, help="Say how much work it is, and stop.")
def render(
    study_file: Path,
    out: Path,
    images: str | None,
    part: tuple[int, int] | None,
    predictor: Path | None,
    device: str,
    dry_run: bool,
) -> None:
    """Render the images of STUDY_FILE; what is there and verifies is kept."""
    from budgetfusion.diffusion.pipeline import load
    from budgetfusion.metrics.encoder import scene_encoder
    from budgetfusion.predictor.cli import warn_unknown
    from budgetfusion.progress import bar
    from stimuli.render import Rendering
    from stimuli.studyfile import read_study_file

    study = read_study_file(study_file)
    model = load(study.generation, device)
    warn_unknown(model.config.model, list(study.stimuli.prompts or []))
    budgets = _budgets(study, model, predictor)
    rendering = Rendering(study, model, budgets, out, _store(images or out, study.stimuli.image_format), part)
    work = rendering.work()
    kept = len(work.wanted) - len(work.missing)
    click.echo(f"{len(work.missing)} images, {work.num_steps} denoising steps; {kept} are there and verify", err=True)
    if dry_run:
        estimate = rendering.estimate(work)
        click.echo(f"about {estimate.seconds:.0f} s on {model.device} and {estimate.megabytes:.1f} MB on the disk")
        return
    if work.missing:
        with bar("rendering", work.num_steps) as advance:
            rendering.make(work, advance)
    if part is not None:
        click.echo(f"Part {part[0]} of {part[1]}: {out} ({len(work.wanted)} images; render all parts for a manifest)")
    else:
        _tell(out, rendering.finish(scene_encoder()))


@stimuli.command("import")
@click.argument("folder", type=FOLDER)
@click.option("--study", "study_file", type=click.Path(path_type=Path), required=True, help="The study file.")
@click.option("--pattern", required=True, help="Of the names below FOLDER, such as '{prompt}/{condition}.png'.")
@click.option("--out", type=FOLDER, required=True, help="The stimuli folder.")
@click.option("--images", help="Where the images go: a folder, or an address for fsspec.  [default: OUT]")
def import_(folder: Path, study_file: Path, pattern: str, out: Path, images: str | None) -> None:
    """Take images made elsewhere from FOLDER into a study; a file that is not shown as it is is refused."""
    from budgetfusion.errors import FileAccessError
    from stimuli.errors import StudyFileError
    from stimuli.importing import import_folder
    from stimuli.studyfile import read_study_file

    if not folder.is_dir():
        raise FileAccessError(folder, "there is no such folder")
    study = read_study_file(study_file)
    if not study.stimuli.needs("folder"):
        raise StudyFileError(study_file, "stimuli.conditions", "found no condition of rule 'folder', expected one")
    done = import_folder(study, folder, pattern, out, _store(images or out, study.stimuli.image_format))
    if done.num_left_out:
        click.echo(f"note: {done.num_left_out} files in {folder} are not the study's by this pattern", err=True)
    click.echo(f"Imported: {done.num_images} images")
    if done.manifest is None:
        click.echo(f"Go on with `budgetfusion stimuli render {study_file} --out {out}`")
    else:
        _tell(out, done.manifest)


@stimuli.command()
@click.argument("folder", type=FOLDER)
@IMAGES
def verify(folder: Path, images: str | None) -> None:
    """Decode every image of FOLDER and compare its pixels with the manifest."""
    from stimuli.manifest import read_manifest
    from stimuli.verify import inspect

    found = inspect(folder, _store(images or folder, read_manifest(folder).image_format))
    for name in found.surplus:
        click.echo(f"note: {name} is not in the manifest and can be deleted", err=True)
    for fault in found.faults[1:]:
        click.echo(f"fault: {fault}", err=True)
    if found.faults:
        raise found.faults[0]
    click.echo(f"OK: {found.num_images} images are the manifest's ({found.manifest.digest[:12]})")


@stimuli.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--layout",
    type=click.Choice(["items", "steps"]),
    default="items",
    show_default=True,
    help="A row for each item, or for each prompt by steps.",
)
@click.option("--out", type=click.Path(path_type=Path), help="PNG or HTML by its ending.  [default: FOLDER/sheet.png]")
@IMAGES
def sheet(folder: Path, layout: Any, out: Path | None, images: str | None) -> None:
    """Draw a contact sheet of FOLDER's items, the reference in the middle."""
    from stimuli.manifest import read_manifest
    from stimuli.sheet import rows
    from stimuli.sheet_html import write_sheet
    from stimuli.sheet_png import draw_sheet

    path, manifest = out or folder / "sheet.png", read_manifest(folder)
    if path.suffix not in (".png", ".html"):
        raise click.BadParameter(f"found '{path.name}', expected a name ending in .png or .html", param_hint="--out")
    found = rows(folder, manifest, layout, _store(images or folder, manifest.image_format))
    if path.suffix == ".html":
        write_sheet(found, manifest, path)
    else:
        draw_sheet(found, path, title=f"{manifest.study} · {len(found)} rows · manifest {manifest.digest[:12]}")
    click.echo(f"Contact sheet: {path} ({len(found)} rows)")


def _budgets(study: "StudyFile", model: "Model", predictor: Path | None) -> "list[Budget]":
    if not study.stimuli.needs("predicted", "uniform"):
        return []
    from budgetfusion.diffusion.text import encode_text
    from budgetfusion.predictor.shipped import predictor_for

    chosen = predictor_for(model, predictor)
    prompts = list(study.stimuli.prompts or [])
    return chosen.budgets(prompts, lambda texts: encode_text(model.pipe, texts), model.digest)


def _store(location: str | Path, image_format: Any) -> "Store":
    from stimuli.store import Store

    return Store(location, image_format)


def _tell(folder: Path, manifest: "Manifest") -> None:
    same = sum(item.purpose == "identical" for item in manifest.items)
    click.echo(
        f"Stimuli: {folder} ({len(manifest.items)} items, {same} of them identical pairs, {manifest.digest[:12]})"
    )

"""`budgetfusion stimuli`: render, verify, sheet."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from budgetfusion.budgets import Budget

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def stimuli() -> None:
    """Render, verify and look at a study's images."""


@stimuli.command()
@click.argument("study_file", type=click.Path(path_type=Path))
@click.option("--out", type=FOLDER, required=True, help="The stimuli folder.")
@click.option("--predictor", type=click.Path(path_type=Path), help="A predictor; forces it on any model.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--dry-run", is_flag=True, help="Say how much work it is, and stop.")
def render(study_file: Path, out: Path, predictor: Path | None, device: str, dry_run: bool) -> None:
    """Render the images of STUDY_FILE; what is there and verifies is kept."""
    from budgetfusion.diffusion.pipeline import load
    from budgetfusion.diffusion.text import encode_text
    from budgetfusion.metrics.encoder import scene_encoder
    from budgetfusion.predictor.cli import warn_unknown
    from budgetfusion.predictor.shipped import predictor_for
    from budgetfusion.progress import bar
    from stimuli import render as rendering
    from stimuli.designs import plan_items
    from stimuli.studyfile import read_study_file

    study = read_study_file(study_file)
    prompts = list(study.stimuli.prompts)
    model = load(study.generation, device, text_only=dry_run)
    warn_unknown(model.config.model, prompts)
    budgets: list[Budget] = []
    if any(condition.rule != "steps" for condition in study.stimuli.conditions):
        chosen = predictor_for(model, predictor)
        budgets = chosen.budgets(prompts, lambda texts: encode_text(model.pipe, texts), model.digest)
    keys = rendering.image_keys(plan_items(study.stimuli, {b.prompt: b.num_steps for b in budgets}))
    click.echo(f"{len(keys)} images, {sum(steps for _, _, steps in keys)} denoising steps", err=True)
    if dry_run:
        return
    with bar("rendering", len(keys)) as advance:
        manifest = rendering.render(study, model, budgets, scene_encoder(), out, advance)
    same = sum(item.purpose == "identical" for item in manifest.items)
    click.echo(f"Stimuli: {out} ({len(manifest.items)} items, {same} of them identical pairs, {manifest.digest[:12]})")


@stimuli.command()
@click.argument("folder", type=FOLDER)
def verify(folder: Path) -> None:
    """Decode every image of FOLDER and compare its pixels with the manifest."""
    from stimuli.verify import verify as verify_folder

    found = verify_folder(folder)
    for path in found.surplus:
        click.echo(f"note: {path} is not in the manifest", err=True)
    click.echo(f"OK: {found.num_images} images are the manifest's ({found.manifest.digest[:12]})")


@stimuli.command()
@click.argument("folder", type=FOLDER)
@click.option("--out", type=click.Path(path_type=Path), help="Where the sheet goes.  [default: FOLDER/sheet.png]")
def sheet(folder: Path, out: Path | None) -> None:
    """Draw a contact sheet of FOLDER's items, the reference in the middle."""
    from stimuli.manifest import read_manifest
    from stimuli.sheet import draw_sheet

    path = out or folder / "sheet.png"
    count = draw_sheet(folder, read_manifest(folder), path)
    click.echo(f"Contact sheet: {path} ({count} items)")

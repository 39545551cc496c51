"""`budgetfusion stepsaver`: labels by SSIM, and recommenders compared on held-out prompts."""

from pathlib import Path
from typing import Any

import click

from budgetfusion.diffusion.options import load_model, model_options


@click.group()
def stepsaver() -> None:
    """StepSaver-R, our reconstruction: label prompts by SSIM, and compare recommenders of step counts."""


@stepsaver.command()
@click.argument("prompts", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The similarity table (Parquet).")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the initial noise.")
@model_options
def label(prompts: Path, out: Path, seed: int, **options: Any) -> None:
    """Make each of PROMPTS with DDIM at 10, 15, ... 100 steps and write how alike the images are."""
    from budgetfusion.progress import bar
    from budgetfusion.prompts import read_prompts
    from budgetfusion.stepsaver import labelling
    from budgetfusion.stepsaver.labels import RULES

    every = read_prompts(prompts)
    model = load_model(**options)
    with bar("labelling", len(every)) as advance:
        rows = labelling.label(model, every, out, seed=seed, progress=advance)
    for name, rule in RULES.items():
        found = [rule(labelling.similarities(row)) for row in rows]
        steps = sorted(one.num_steps for one in found)
        none = sum(one.status == "none" for one in found)
        click.echo(f"{name}: {steps[0]} to {steps[-1]} steps, median {steps[len(steps) // 2]}, no finding for {none}")
    click.echo(f"Similarities: {out} ({len(rows)} rows)")


@stepsaver.command()
@click.argument("similarities", type=click.Path(path_type=Path))
@click.option("--rule", type=click.Choice(["first-decline", "plateau", "to-final"]), default="first-decline")
@click.option("--backend", default="bag-of-words", show_default=True, help="Or a DistilBERT: a folder or a hub id.")
@click.option("--held-out", type=click.Path(path_type=Path), help="A file of prompts that are asked.")
@click.option("--predictor", type=click.Path(path_type=Path), help="Ours; forces it on any model.")
@model_options
def compare(
    similarities: Path, rule: str, backend: str, held_out: Path | None, predictor: Path | None, **options: Any
) -> None:
    """Fit recommenders on SIMILARITIES and compare them on held-out prompts with the median and with ours."""
    from budgetfusion.measurements import read_table
    from budgetfusion.prompts import read_prompts
    from budgetfusion.stepsaver.comparison import compared
    from budgetfusion.stepsaver.labelling import SIMILARITY

    rows = read_table(similarities, SIMILARITY)
    asked = read_prompts(held_out) if held_out else None
    model = load_model(**options, text_only=True)
    for line in compared(rows, rule, backend, asked, model, predictor):
        click.echo(line)

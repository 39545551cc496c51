"""`budgetfusion demo`: the whole path on a small study, made of the very commands that a user would type."""

import shlex
from pathlib import Path

import click

from budgetfusion.files import write_text

PROMPTS = (
    "an empty cyan sky",
    "a red and empty room",
    "a big black heart in a park",
    "a blue house on an orange striped wall",
    "a small yellow kite to the left of a box in a field",
    "an image of two red hearts to the left of a big blue boat at a beach",
    "a white triangle, two cyan triangles and a small purple triangle on a red striped wall",
    "two flowers, a blue kite and two cyan boats on a brown road",
    "a purple boat, two red hearts, a boat and two green hearts on a pink striped wall",
    "a crowd of people in a park",
    "a wall full of colorful hearts",
    "a traffic jam of many cars on a road",
)
"""Held out by composition: the shipped predictor was trained on none of their combinations."""

SEEDS = "0,1"

_FILLED_IN = {
    'name = "my-study"': 'name = "demo"',
    "REPLACE: your institution": "A demonstration on your own machine",
    "REPLACE: name, e-mail": "whoever started it",
    "REPLACE: approval number of your ethics committee": "none: simulated observers, and you",
    "REPLACE: institution, names, contact": "This is a demonstration on your own machine",
    "REPLACE: number": "none needed",
    "seeds = [0]": f"seeds = [{SEEDS.replace(',', ', ')}]",
}


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("demo"), show_default=True)
@click.option("--observers", type=click.IntRange(2), default=24, show_default=True, help="Simulated observers.")
@click.option("--serve/--no-serve", default=True, show_default=True, help="Keep a server running at the end.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
def demo(out: Path, observers: int, serve: bool, port: int) -> None:
    """Go the whole path in the folder OUT: prompts, steps, images, study, simulated observers, report.

    Run it again, and it keeps what verifies.
    """
    database = f"sqlite:///{(out / 'study.db').resolve()}"
    images, evaluation, report = out / "stimuli", out / "evaluation.parquet", out / "report"
    study = _study_file(out)
    _run("stimuli", "render", study, "--out", images)
    _run("stimuli", "sheet", images)
    own = ("--references", 65, "--fixed", 65, "--baselines", "none")
    _run("evaluate", images / "budgets.parquet", "--seeds", SEEDS, *own, "--out", evaluation)
    _run("study", "create", study, "--stimuli", images, "--database", database)
    _run("study", "simulate", "demo", "--observers", observers, "--top-up", "--database", database)
    _run("study", "export", "demo", "--out", out, "--database", database)
    material = ("--stimuli", images, "--evaluation", evaluation, "--study", study)
    _run("analyze", "report", out / "choices.parquet", *material, "--mode", "bot", "--out", report)
    if serve:
        _run("study", "serve", "demo", "--port", port, "--report", report, "--demo-links", "--database", database)


def _study_file(out: Path) -> Path:
    """Write the template as an experimenter would fill it in; keep one that is there."""
    path = out / "study.toml"
    if not path.is_file():
        write_text(out / "prompts.txt", "\n".join(PROMPTS) + "\n")
        _run("study", "new", path)
    text = path.read_text(encoding="utf-8")
    for placeholder, value in _FILLED_IN.items():
        text = text.replace(placeholder, value)
    write_text(path, text)
    return path


def _run(*words: object) -> None:
    """Print a command as a user would type it, and run it."""
    from budgetfusion.cli import cli

    arguments = [str(word) for word in words]
    click.secho(f"\n$ budgetfusion {shlex.join(arguments)}", bold=True)
    cli.main(arguments, prog_name="budgetfusion", standalone_mode=False)

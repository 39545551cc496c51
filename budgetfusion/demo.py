"""`budgetfusion demo`: the whole path on a small study, made of the very commands that a user would type."""

import shlex
from pathlib import Path

import click

from budgetfusion.files import write_text

PROMPTS = (
    "an empty room",
    "a red and empty brick wall",
    "a small white house on a table",
    "a purple cloud in a city",
    "two blue trees to the right of a green tree",
    "a group of big yellow birds to the left of a cyan cow in a city",
    "a green ring, a red cup and a small cyan ring in front of a brown brick wall",
    "two black cows, a pair of yellow people, two white cars and three pink triangles by a sea",
    "a grey cloud, two black kites, a brown bird and a black cloud on a white wall",
    "a city full of houses",
    "a crowded beach with many boats",
    "a night sky full of stars",
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

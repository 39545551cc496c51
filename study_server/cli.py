"""`budgetfusion study`: make, check, create, serve, watch, simulate and export a study.

Each command parses, calls one function and says where the result is. Only click is imported before a command runs.
"""

from pathlib import Path

import click

from study_server.cli_accounts import account
from study_server.cli_audit import audit
from study_server.cli_db import db
from study_server.cli_invite import invite
from study_server.cli_options import DATABASE, NAME, actor
from study_server.cli_people import anonymise, erase, retain
from study_server.cli_state import close, codes, pause, resume

PROMPTS = """\
an empty white wall
a red ball on a green field
a blue house in a park
two yellow boats on a cyan sea
a green tree next to a small white house in a field
three purple stars in a night sky
a busy city street full of cars
a colorful park with a crowd
"""

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def study() -> None:
    """Make, check, serve, simulate and export a study."""


@study.command()
@FILE
def new(file: Path) -> None:
    """Write a commented study FILE, and prompts.txt beside it."""
    from budgetfusion.files import write_text
    from stimuli.studyfile import template
    from study_server.errors import FileThereError

    if file.exists():
        raise FileThereError(file)
    write_text(file, template())
    prompts = file.parent / "prompts.txt"
    if not prompts.exists():
        write_text(prompts, PROMPTS)
    click.echo(f"Wrote {file} and {prompts}. Fill in what says REPLACE, then run `budgetfusion study lint {file}`.")


@study.command()
@FILE
def lint(file: Path) -> None:
    """Check a study FILE and print its digests."""
    from stimuli.studyfile import read_study_file

    checked = read_study_file(file)
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if "REPLACE" in line:
            click.echo(f"warning: {file}:{number}: still says REPLACE: {line.strip()}", err=True)
    click.echo(f"{file}: OK")
    click.echo(f"  stimuli   {checked.stimuli_digest}  [generation] [stimuli]")
    click.echo(f"  study     {checked.study_digest}  [design] [texts]")
    click.echo(f"  analysis  {checked.analysis_digest}  [analysis], your preregistration")


@study.command()
@FILE
@click.option("--stimuli", required=True, type=FOLDER, help="Folder with the manifest and its images.")
@click.option(
    "--lease-minutes",
    default=60,
    show_default=True,
    type=click.IntRange(1),
    help="How long a place is kept unfinished.",
)
@click.option("--images-url", envvar="IMAGES_URL", help="Object store with STUDY/images/.  [default: the folder]")
@click.option("--new-version", is_flag=True, help="Make a changed study the next version; only it takes people in.")
@DATABASE
def create(
    file: Path, stimuli: Path, lease_minutes: int, images_url: str | None, new_version: bool, database: str
) -> None:
    """Freeze the study of FILE in the database; the same study again changes nothing."""
    from stimuli.manifest import read_manifest
    from stimuli.store import Store
    from stimuli.studyfile import read_study_file
    from stimuli.verify import verify
    from study_server import schema, studies
    from study_server.db import Database
    from study_server.prolific import recruitment

    checked = read_study_file(file)
    table = recruitment.read_if_there(file)
    place = f"{images_url}/{checked.study.name}" if images_url else stimuli
    proof = verify(stimuli, Store(place, read_manifest(stimuli).image_format))
    opened = Database(database)
    if schema.is_empty(opened):
        schema.upgrade(opened)
    schema.check(opened)
    with opened.writing() as db:
        is_new = studies.create(
            db, checked, proof.manifest, stimuli, lease_minutes=lease_minutes, new_version=new_version
        )
        material = studies.read_newest(db, checked.study.name)
        is_said = table is not None and recruitment.keep(db, material, table, actor())
    done = "Created" if is_new else "Unchanged:"
    click.echo(f"{done} study '{material.name}': {proof.num_images} images verified.")
    if is_said:
        click.echo("Its [prolific] holds now.")
    click.echo(f"It has {checked.design.participants} places. Next: `budgetfusion study serve`.")
    opened.close()


@study.command()
@click.argument("name", required=False)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--report", type=FOLDER, help="Folder with a report to serve at /report/.")
@click.option(
    "--demo-links", is_flag=True, help="Print links, one of which opens the desk. A rehearsal needs no SECRET_KEY."
)
@click.option("--workers", type=click.IntRange(1), help="Processes [1 with SQLite, else one for each core].")
@DATABASE
def serve(
    name: str | None, host: str, port: int, report: Path | None, demo_links: bool, workers: int | None, database: str
) -> None:
    """Serve the studies of the database until Ctrl-C; the links printed are those of NAME, or of all."""
    import dataclasses
    import os
    import secrets

    from study_server.serving import links, listen, serve
    from study_server.settings import from_environment

    environ = dict(os.environ)
    if demo_links:
        environ.setdefault("SECRET_KEY", secrets.token_hex(32))
    settings = dataclasses.replace(from_environment(environ), database_url=database, report=report)
    listener = listen(host, port)
    for line in links(settings, f"http://{host}:{port}", name, with_desk=demo_links):
        click.echo(line)
    cores = 1 if database.startswith("sqlite") else os.cpu_count() or 1
    serve(settings, listener, workers or cores)


@study.command()
@NAME
@DATABASE
def status(name: str, database: str) -> None:
    """Print the state of a study."""
    from rich.console import Console
    from rich.table import Table

    from study_server import monitor, schema, states, studies

    opened = schema.open_database(database)
    with opened.reading() as db:
        overview = monitor.overview(db, studies.read_material(db, name))
        state, because = states.state_of(db, studies.read_material(db, name))
    opened.close()
    title = f"{name}: {state}{f' ({because})' if because else ''}, {overview.places} places"
    heads = ("consent open", "in trials", "finished", "declined", "withdrawn", "screened out", "came too late")
    table = Table("mode", *heads, title=title)
    for mode, numbers in overview.counts.items():
        table.add_row(mode, *(str(count) for count in numbers.values()))
    Console().print(table)
    click.echo(f"{overview.answers} answers stored; {overview.warnings} participant(s) deserve a look.")


@study.command()
@NAME
@click.option("--observers", default=24, show_default=True, type=click.IntRange(1))
@click.option("--planted", type=click.FloatRange(0, 1), help="Choose the first condition with this probability.")
@click.option(
    "--jnd", default=0.05, show_default=True, type=click.FloatRange(0, min_open=True), help="Distance of one JND."
)
@click.option("--lapse-rate", default=0.02, show_default=True, type=click.FloatRange(0, 1))
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option(
    "--top-up", is_flag=True, help="Count those who have finished before; run it twice, and the second adds none."
)
@click.option("--stimuli", type=FOLDER, help="Folder with manifest and distances [the study's own].")
@click.option("--url", help="A running server with the same SECRET_KEY [starts one for the time it takes].")
@DATABASE
def simulate(
    name: str,
    observers: int,
    planted: float | None,
    jnd: float,
    lapse_rate: float,
    seed: int,
    top_up: bool,
    stimuli: Path | None,
    url: str | None,
    database: str,
) -> None:
    """Let simulated observers take the study over HTTP; their rows say so."""
    from rich.progress import Progress

    from study_server.rehearsal import Rehearsal, rehearse

    rehearsal = Rehearsal(name, observers, planted, jnd, lapse_rate, seed, top_up, stimuli, url, database)
    with Progress(transient=True) as progress:
        task = progress.add_task(f"Observers of {name}", total=None)
        came = rehearse(rehearsal, tell=lambda: progress.advance(task))
    click.echo(f"{came} simulated observers finished '{name}'; their rows have mode 'bot' and flag '{rehearsal.flag}'.")


@study.command()
@NAME
@click.option("--out", required=True, type=FOLDER, help="Folder for the choices, their codebook and checksums.")
@click.option(
    "--unblind", is_flag=True, help="Tell conditions before the study is closed; recorded, and said by every row."
)
@DATABASE
def export(name: str, out: Path, unblind: bool, database: str) -> None:
    """Write every choice of a study, in several formats and with its codebook."""
    from study_server import schema
    from study_server.dataset import export as write

    opened = schema.open_database(database)
    for path, words in write(opened, name, out, unblind=unblind):
        click.echo(f"Wrote {path} ({words}).")
    opened.close()


for command in (db, audit, account, pause, resume, close, codes, erase, anonymise, retain, invite):
    study.add_command(command)

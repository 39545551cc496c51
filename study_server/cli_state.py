"""`budgetfusion study pause|resume|close|codes`: whether a study takes people in, and what it tells them at the end."""

from typing import TYPE_CHECKING

import click

from study_server.cli_options import DATABASE, NAME, actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session as Db

    from study_server.studies import Material


@click.command()
@NAME
@click.option("--because", default="paused by hand", show_default=True, help="What status and desk say.")
@DATABASE
def pause(name: str, because: str, database: str) -> None:
    """Let nobody new into a study; those inside go on."""
    from study_server import states

    changed = _change(name, database, lambda db, material: states.pause(db, material, because, actor()))
    click.echo(f"Study '{name}' is {'paused now' if changed else 'not open; nothing changed'}.")


@click.command()
@NAME
@DATABASE
def resume(name: str, database: str) -> None:
    """Let people into a paused study again."""
    from study_server import states

    changed = _change(name, database, lambda db, material: states.resume(db, material, actor()))
    click.echo(f"Study '{name}' is {'open now' if changed else 'not paused; nothing changed'}.")


@click.command()
@NAME
@click.confirmation_option(prompt="A closed study cannot be opened again. Close it?")
@DATABASE
def close(name: str, database: str) -> None:
    """End a study for good; from then on the export tells what was chosen."""
    from study_server import states

    changed = _change(name, database, lambda db, material: states.close(db, material, actor()))
    click.echo(f"Study '{name}' {'is closed now' if changed else 'was closed before; nothing changed'}.")


@click.command()
@NAME
@DATABASE
def codes(name: str, database: str) -> None:
    """Print the completion code of each outcome, to be entered at the recruiter."""
    from study_server import schema, studies
    from study_server.codes import codes as read

    opened = schema.open_database(database)
    with opened.reading() as db:
        found = read(db, studies.read_material(db, name).study_id)
    opened.close()
    for outcome, code in found.items():
        click.echo(f"{outcome:<14} {code}")


def _change(name: str, database: str, act: "Callable[[Db, Material], bool]") -> bool:
    """Do something to a study in one transaction and return what it says."""
    from study_server import schema, studies

    opened = schema.open_database(database)
    changed = opened.write(lambda db: act(db, studies.read_material(db, name)))
    opened.close()
    return changed

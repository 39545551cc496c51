"""`budgetfusion study db`: look after the database's tables."""

from pathlib import Path

import click

from study_server.cli_options import DATABASE

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def db() -> None:
    """Look after the database's tables."""


@db.command()
@DATABASE
def upgrade(database: str) -> None:
    """Bring the tables to this program's version."""
    _migrate(database, "head")


@db.command()
@click.argument("revision")
@DATABASE
def downgrade(revision: str, database: str) -> None:
    """Bring the tables back to REVISION; 'base' removes them WITH ALL DATA."""
    click.confirm(f"Going back to '{revision}' deletes what older tables cannot hold. Continue?", abort=True)
    _migrate(database, revision)


@db.command()
@DATABASE
def current(database: str) -> None:
    """Print the version of the tables."""
    from study_server import schema
    from study_server.db import Database

    opened = Database(database)
    click.echo(f"{opened.name}: version {schema.current(opened) or 'none'}, this program's is {schema.newest()}")
    opened.close()


@db.command()
@FILE
@DATABASE
def backup(file: Path, database: str) -> None:
    """Copy the whole database to FILE while it is in use."""
    from study_server import schema
    from study_server.backup import backup as copy

    opened = schema.open_database(database)
    copy(opened, file)
    click.echo(f"Wrote {file} ({file.stat().st_size / 1e6:.1f} MB).")
    opened.close()


@db.command()
@FILE
@DATABASE
def restore(file: Path, database: str) -> None:
    """Fill an empty database from FILE, which `backup` wrote from one of the same kind."""
    from study_server.backup import restore as fill
    from study_server.db import Database

    opened = Database(database)
    fill(opened, file)
    click.echo(f"{opened.name} holds what {file} holds.")
    opened.close()


def _migrate(database: str, revision: str) -> None:
    from study_server import schema
    from study_server.db import Database

    opened = Database(database)
    schema.upgrade(opened) if revision == "head" else schema.downgrade(opened, revision)
    click.echo(f"{opened.name}: version {schema.current(opened) or 'none'}")
    opened.close()

"""Links that let somebody in in another mode than live."""

import click

from study_server.cli_options import DATABASE, NAME

MODES = ["pilot", "preview"]


@click.command()
@NAME
@click.option("--mode", type=click.Choice(MODES), default="pilot", show_default=True, help="Of the rows.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the server.")
@DATABASE
def invite(name: str, mode: str, url: str, database: str) -> None:
    """Print a link to the study NAME for a trial run; it lasts a day, for as many people as there are places.

    Rows of a pilot have places, counters and exports of their own. SECRET_KEY must be the server's.
    """
    from study_server import schema, studies
    from study_server.settings import from_environment
    from study_server.tokens import sign_pass

    opened = schema.open_database(database)
    with opened.reading() as db:
        studies.read_material(db, name)
    opened.close()
    entry = sign_pass(from_environment().secret_key, name, "pilot" if mode == "pilot" else "preview")
    click.echo(f"{url.rstrip('/')}/s/{name}?pass={entry}")

"""`budgetfusion study account`: who may enter the desk."""

import click

from study_server.cli_options import DATABASE, NAME


@click.group()
def account() -> None:
    """Say who may enter the desk, and what for."""


@account.command()
@NAME
@click.option("--role", type=click.Choice(["viewer", "experimenter", "owner"]), required=True)
@click.option("--totp/--no-totp", default=True, show_default=True, help="Ask for a one-time code too.")
@click.password_option(envvar="DESK_PASSWORD", help="Asked for, or read from DESK_PASSWORD.")
@DATABASE
def add(name: str, role: str, totp: bool, password: str, database: str) -> None:
    """Let NAME into the desk."""
    from study_server import accounts, schema

    opened = schema.open_database(database)
    uri = opened.write(lambda db: accounts.add(db, name, role, password, has_totp=totp))
    opened.close()
    click.echo(f"'{name}' may enter the desk as {role}.")
    if uri is not None:
        click.echo(f"Enter this into an authenticator app, once: {uri}")


@account.command("list")
@DATABASE
def list_(database: str) -> None:
    """Print who may enter the desk."""
    from study_server import accounts, schema

    opened = schema.open_database(database)
    with opened.reading() as db:
        for each in accounts.every(db):
            click.echo(f"{each.name:<20} {each.role:<13} {'one-time code' if each.totp_secret else 'password only'}")
    opened.close()


@account.command()
@NAME
@DATABASE
def remove(name: str, database: str) -> None:
    """Let NAME into the desk no more."""
    from study_server import accounts, schema

    opened = schema.open_database(database)
    opened.write(lambda db: accounts.remove(db, name))
    opened.close()
    click.echo(f"'{name}' may enter the desk no more.")

"""Options that the commands of `budgetfusion study` share, and who runs them."""

import getpass

import click

from study_server.settings import DATABASE_URL

NAME = click.argument("name")
DATABASE = click.option("--database", envvar="DATABASE_URL", default=DATABASE_URL, show_default=True, metavar="URL")


def actor() -> str:
    """Return what an audit entry calls whoever types a command."""
    return f"{getpass.getuser()} (command line)"[:40]

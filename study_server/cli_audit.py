"""`budgetfusion study audit`: prove that nothing was changed behind the server's back."""

import click

from study_server.cli_options import DATABASE, actor


@click.group()
def audit() -> None:
    """Check the chains of answers and of what was done at the desk."""


@audit.command()
@click.option("--head", help="A head that was kept elsewhere; it must still be in the chain.")
@DATABASE
def verify(head: str | None, database: str) -> None:
    """Check every row against the chains; exit with 1 if one was changed, removed or inserted."""
    from study_server import schema
    from study_server.errors import AuditError
    from study_server.verification import verify as check

    opened = schema.open_database(database)
    with opened.reading() as db:
        verdict = check(db, head)
    opened.close()
    for line in verdict.erasures:
        click.echo(f"erased: {line}")
    for line in verdict.faults:
        click.echo(f"fault: {line}", err=True)
    if verdict.faults:
        raise AuditError(len(verdict.faults))
    click.echo(f"OK: {verdict.entries} rows are as they were written. Head of the desk's chain: {verdict.head}")


@audit.command()
@DATABASE
def checkpoint(database: str) -> None:
    """Write the heads of all chains into the desk's chain and print its head; keep that somewhere else."""
    from study_server import schema
    from study_server.audit import checkpoint as write

    opened = schema.open_database(database)
    click.echo(opened.write(lambda db: write(db, actor())))
    opened.close()

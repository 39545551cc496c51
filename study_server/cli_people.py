"""`budgetfusion study erase|anonymise|retain`: forgetting people, and when that is due."""

from datetime import datetime

import click

from study_server.cli_options import DATABASE, NAME, actor


@click.command()
@NAME
@click.argument("who")
@click.confirmation_option(prompt="The answers cannot be brought back. Erase them?")
@DATABASE
def erase(name: str, who: str, database: str) -> None:
    """Erase the answers and the identity of WHO, a pseudonym or an external id."""
    from study_server import privacy, schema, studies

    opened = schema.open_database(database)
    count = opened.write(lambda db: privacy.erase(db, privacy.find(db, studies.read_material(db, name), who), actor()))
    privacy.scrub(opened)
    opened.close()
    click.echo(f"Erased {count} answers. Files exported before, and backups, still hold them.")


@click.command()
@NAME
@click.confirmation_option(prompt="Nobody can be paid or asked by these ids afterwards. Forget who took part?")
@DATABASE
def anonymise(name: str, database: str) -> None:
    """Forget who the participants of a study were; their answers stay, under pseudonyms."""
    from study_server import privacy, schema, studies

    opened = schema.open_database(database)
    count = opened.write(lambda db: privacy.anonymise(db, studies.read_material(db, name), actor()))
    privacy.scrub(opened)
    opened.close()
    click.echo(f"Forgot {count} identities of study '{name}'.")


@click.command()
@click.argument("name", required=False)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day after which identities are to be forgotten.")
@DATABASE
def retain(name: str | None, until: datetime | None, database: str) -> None:
    """Set how long identities of NAME are kept; without a name, list the studies that are past their day."""
    from datetime import UTC

    from study_server import privacy, schema, studies

    opened = schema.open_database(database)
    if name is not None and until is not None:
        day = until.replace(tzinfo=UTC)
        opened.write(lambda db: privacy.retain(db, studies.read_material(db, name), day, actor()))
        click.echo(f"Identities of study '{name}' are kept until {day.date()}.")
    else:
        with opened.reading() as db:
            overdue = privacy.due(db)
        click.echo("\n".join(f"budgetfusion study anonymise {each}" for each in overdue) or "Nothing is due.")
    opened.close()

"""The version of the tables: upgrade, downgrade, and refuse what this program does not know."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from study_server.db import Database
from study_server.errors import DatabaseNewerError, DatabaseNotMigratedError


def current(database: Database) -> str | None:
    """Return the schema version of a database, or none if it has no tables of ours."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the newest schema version that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def is_empty(database: Database) -> bool:
    """Say whether a database has no table at all."""
    return not inspect(database.engine).get_table_names()


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables to a schema version, by default the newest.

    Raises:
        DatabaseNewerError: If they are newer than this program.
    """
    refuse_newer(database)
    with database.engine.connect() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    """Bring the tables back to an older schema version; 'base' removes them."""
    refuse_newer(database)
    with database.engine.connect() as connection:
        command.downgrade(_config(connection), revision)


def refuse_newer(database: Database) -> None:
    """Raise `DatabaseNewerError` if a newer program migrated this database."""
    found = current(database)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseNewerError(database.name, found, newest())


def check(database: Database) -> None:
    """Raise unless the tables are exactly those of this program.

    Raises:
        DatabaseNewerError: If they are newer.
        DatabaseNotMigratedError: If they are older or absent.
    """
    refuse_newer(database)
    found = current(database)
    if found != newest():
        raise DatabaseNotMigratedError(database.name, found, newest())


def open_database(url: str) -> Database:
    """Open a database and check its tables."""
    database = Database(url)
    try:
        check(database)
    except BaseException:
        database.close()
        raise
    return database


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.attributes["connection"] = connection
    return config

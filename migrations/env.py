"""Run migrations on the connection that the caller hands over; needs no running app and no ini file."""

from alembic import context
from sqlalchemy import Connection

from study_server.models import Base


def run(connection: Connection) -> None:
    """Migrate on a connection, each revision in one transaction."""
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # A batch rebuilds tables that others point to; inside a transaction the pragma would do nothing.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=is_sqlite)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    if is_sqlite:
        connection.connection.invalidate()  # the next user gets a connection with foreign keys on


run(context.config.attributes["connection"])

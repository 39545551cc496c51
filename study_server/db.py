"""The engine and the scope of a transaction: `reading()` and `writing()`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session as Db

from study_server.errors import DatabaseFullError, DatabaseUnreachableError


class Database:
    """A database and its two kinds of transaction.

    Args:
        url: SQLAlchemy address, e.g. sqlite:///study.db or postgresql+psycopg://user:password@host/name.

    Raises:
        DatabaseUnreachableError: If the address is not one, or nothing answers there.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _connect(url)
        self._writer = self.engine.execution_options(writes=True)

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """Yield a database session that sees one state and changes nothing."""
        with Db(self.engine, expire_on_commit=False) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Db]:
        """Yield a database session and commit it: what follows the block may count on it being stored."""
        try:
            with Db(self._writer, expire_on_commit=False) as db, db.begin():
                yield db
        except OperationalError as error:
            if "disk is full" not in str(error.orig):
                raise
            raise DatabaseFullError from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _connect(url: str) -> Engine:
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise DatabaseUnreachableError(
            url.partition(":")[0] + ":...", str(error).splitlines()[0].rstrip(".")
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        engine.connect().close()
    except OperationalError as error:
        engine.dispose()
        raise DatabaseUnreachableError(shown, str(error.orig).splitlines()[0].rstrip(".")) from error
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

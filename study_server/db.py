"""The engine and the scope of a transaction: `reading()`, `writing()`, and `write()`, which tries again."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, func, make_url, select
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.orm import Session as Db

from study_server.chain import link_of
from study_server.errors import DatabaseAwayError, DatabaseFullError, DatabaseUnreachableError

T = TypeVar("T")

ATTEMPTS = 6
FIRST_DELAY_S = 0.05
_POOL: dict[str, Any] = {"pool_size": 16, "pool_use_lifo": True}
_PLAIN: dict[str, Any] = {"pool_reset_on_return": None}  # with one statement a transaction there is nothing to undo
_FULL = ("disk is full", "No space left on device", "could not extend file")


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
        # Connections of their own, so that none has to change its ways for each answer.
        self._at_once = None if self.is_sqlite else create_engine(url, isolation_level="AUTOCOMMIT", **_POOL, **_PLAIN)
        # One writer at a time is SQLite's own rule; waiting here is fair, polling its lock is not.
        self._turn = threading.Lock() if self.is_sqlite else contextlib.nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Db]:
        """Yield a database session that sees one state and changes nothing.

        Raises:
            DatabaseAwayError: If the database went away meanwhile; the next try gets a new connection.
        """
        try:
            with Db(self.engine, expire_on_commit=False) as db:
                yield db
        except DBAPIError as error:
            if not _is_away(error):
                raise
            raise DatabaseAwayError from error

    @contextmanager
    def writing(self) -> Iterator[Db]:
        """Yield a database session and commit it: what follows the block may count on it being stored."""
        with _naming_full_disks(), self._turn, Db(self._writer, expire_on_commit=False) as db, db.begin():
            yield db

    @contextmanager
    def connecting(self) -> Iterator[Connection]:
        """Yield a bare writing connection and commit it; the answers' way, which has no time for objects."""
        with _naming_full_disks(), self._turn, self._writer.begin() as connection:
            yield connection

    def at_once(self, statement: str, values: dict[str, Any]) -> Any:
        """Run one statement as a transaction of its own on PostgreSQL, and return the first row, or none.

        Args:
            statement: In psycopg's words; what it changes is stored when this returns.
            values: Of its parameters.
        """
        assert self._at_once is not None  # noqa: S101 - the caller knows what it has
        connection = None
        try:
            connection = self._at_once.raw_connection()
            return connection.cursor().execute(statement, values).fetchone()
        except Exception as error:
            raise _named(error, connection) from error
        finally:
            if connection is not None:
                connection.close()  # back into the pool

    def write(self, work: Callable[[Db], T]) -> T:
        """Run `work` in a writing transaction; again if the database went away or another was first.

        Args:
            work: May run several times, so it must find what an earlier try may have committed.

        Raises:
            DatabaseAwayError: If no try got through.
        """

        def once() -> T:
            with self.writing() as db:
                return work(db)

        return self.trying(once)

    def trying(self, act: Callable[[], T]) -> T:
        """Run `act`, again while the database is away or a constraint says that another was first.

        Raises:
            DatabaseAwayError: If the database stays away.
        """
        for attempt in range(ATTEMPTS):
            try:
                return act()
            except IntegrityError:
                if attempt == ATTEMPTS - 1:
                    raise
            except DBAPIError as error:
                if not _is_away(error):
                    raise
                if attempt == ATTEMPTS - 1:
                    raise DatabaseAwayError from error
                time.sleep(FIRST_DELAY_S * 2**attempt)
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        if self._at_once is not None:
            self._at_once.dispose()


def alone(db: Db, name: str) -> None:
    """Wait until nobody else does what this name stands for, and let nobody else do it until this transaction ends."""
    if db.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time
        db.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


@contextmanager
def _naming_full_disks() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not any(words in str(error.orig) for words in _FULL):
            raise
        raise DatabaseFullError from error


def _named(error: Exception, connection: PoolProxiedConnection | None) -> Exception:
    """Return psycopg's error as SQLAlchemy's; a connection that broke is not used again."""
    kinds: dict[str, type[DBAPIError]] = {"IntegrityError": IntegrityError, "OperationalError": OperationalError}
    names = [kind.__name__ for kind in type(error).__mro__]
    if any(words in str(error) for words in _FULL):
        return DatabaseFullError()
    if "IntegrityError" not in names and {"OperationalError", "InterfaceError"} & {*names}:
        if connection is not None:
            connection.invalidate(error)
        return OperationalError("an answer", None, error, connection_invalidated=True)
    return next((kinds[name]("an answer", None, error) for name in names if name in kinds), error)


def _is_away(error: DBAPIError) -> bool:
    """Say whether a fault is the database's absence (a restart, a lock held too long) and not our statement."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _connect(url: str) -> Engine:
    try:
        shown = make_url(url).render_as_string(hide_password=True)
        engine = create_engine(url, **_POOL)
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
    connection.create_function("link_of", 2, link_of, deterministic=True)
    for pragma in ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

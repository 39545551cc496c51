"""Backup and restore, while the database is in use: SQLite's own copy, PostgreSQL's pg_dump and pg_restore."""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import URL, make_url

from budgetfusion.files import replacing
from study_server import schema
from study_server.db import Database
from study_server.errors import BackupError, FileThereError

SQLITE_START = b"SQLite format 3\x00"
DUMP_START = b"PGDMP"


def backup(database: Database, file: Path) -> None:
    """Write one consistent state of a database to a new file.

    Raises:
        FileThereError: If there is such a file.
        BackupError: If PostgreSQL's program is missing or fails.
    """
    if file.exists():
        raise FileThereError(file)
    with replacing(file) as partial:
        if database.is_sqlite:
            source, target = sqlite3.connect(_sqlite_file(database)), sqlite3.connect(partial)
            source.backup(target)
            target.close()
            source.close()
        else:
            _run(database, "pg_dump", "--format=custom", "--no-owner", f"--file={partial}")


def restore(database: Database, file: Path) -> None:
    """Fill an empty database with what a backup holds, and check its tables.

    Raises:
        BackupError: If the database is not empty, or the file is no backup of such a database.
    """
    if not schema.is_empty(database):
        raise BackupError(f"{database.name} is not empty", "a new database; restoring never overwrites")
    if not _start_of(file).startswith(SQLITE_START if database.is_sqlite else DUMP_START):
        raise BackupError(f"{file} is no backup of such a database", "a file that `study db backup` wrote from one")
    if database.is_sqlite:
        source, target = sqlite3.connect(file), sqlite3.connect(_sqlite_file(database))
        source.backup(target)
        target.close()
        source.close()
    else:
        _run(database, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", str(file))
    schema.check(database)


def _start_of(file: Path) -> bytes:
    if not file.is_file():
        return b""
    with file.open("rb") as opened:
        return opened.read(len(SQLITE_START))


def _sqlite_file(database: Database) -> str:
    return str(make_url(database.url).database)


def _run(database: Database, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on a database; the password goes by the environment."""
    url = database.engine.url
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"no program '{program}' on this machine", "PostgreSQL's client programs on PATH")
    target = "--dbname=" + _without_password(url)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL, no shell
        [found, target, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()
        raise BackupError(f"{program} failed: {reason[-1] if reason else done.returncode}", "it to succeed")


def _without_password(url: URL) -> str:
    plain = url.set(drivername="postgresql", password=None)
    return plain.render_as_string(hide_password=False)

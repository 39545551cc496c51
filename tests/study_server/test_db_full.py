"""A database whose disk is full."""

import pytest
from sqlalchemy import text

from study_server import schema
from study_server.db import Database
from study_server.errors import DatabaseFullError


def test_a_full_disk_is_named_and_what_was_stored_stays(tmp_path):
    """SQLite's own limit stands in for the disk: the write is refused whole, in one line."""
    database = Database(f"sqlite:///{tmp_path / 'study.db'}")
    schema.upgrade(database)

    with pytest.raises(DatabaseFullError, match="disk of the database is full"):
        _fill(database)

    schema.check(database)
    database.close()


def _fill(database):
    with database.writing() as db:
        pages = db.execute(text("PRAGMA page_count")).scalar()
        db.execute(text(f"PRAGMA max_page_count={pages}"))
        db.execute(text("CREATE TABLE more (words TEXT)"))
        for _ in range(100):
            db.execute(text("INSERT INTO more VALUES (:words)"), {"words": "a" * 5000})

"""The tables: up, equal to the models, down; and what an unsuitable database is told."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from study_server import schema
from study_server.db import Database
from study_server.errors import DatabaseNewerError, DatabaseNotMigratedError, DatabaseUnreachableError
from study_server.models import Base


@pytest.fixture
def empty(any_url):
    """An empty database of each kind."""
    opened = Database(any_url)
    yield opened
    opened.close()


def test_migrations_make_the_tables_of_the_models_and_remove_them(empty):
    """Upgrade from nothing gives exactly the models' tables; downgrade leaves none of them."""
    assert schema.current(empty) is None
    schema.upgrade(empty)
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    schema.check(empty)

    schema.downgrade(empty, "base")

    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    assert schema.current(empty) is None


def test_sqlite_writes_are_durable_and_foreign_keys_hold(database):
    """A SQLite database is in WAL mode, waits for locks, syncs every commit and checks foreign keys."""
    with database.reading() as db:
        found = [
            db.scalar(text(f"PRAGMA {n}")) for n in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        ]

    assert found == ["wal", 2, 5000, 1]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO answer VALUES (1, 99, 99, 'u', 'left', 1.0, '2026-01-01', '2026-01-01', '', 1, 's', 'l')",
        "INSERT INTO participant VALUES (1, 1, 'P-1', 'ghost')",
        "INSERT INTO slot (id, study_id, mode, number, state) VALUES (999, 1, 'live', 0, 'free')",
        "UPDATE slot SET state = 'leased'",
        "INSERT INTO session VALUES (1, 't', NULL, 1, 1, 1, 'finished', '', NULL, '2026-01-01', NULL, NULL, 0, '')",
        "UPDATE study SET lease_minutes = 0",
        "INSERT INTO trial VALUES (999, 1, 1, 99, 0, 'main-0', 'main', 'OURS', 'NOWHERE', NULL)",
    ],
    ids=[
        "answer without a trial",
        "unknown mode",
        "slot twice",
        "leased for ever",
        "finished without consent",
        "leased for no time",
        "trial of an image that is not there",
    ],
)
def test_the_database_itself_refuses_nonsense(created, statement):
    """Foreign keys, UNIQUEs and CHECKs hold whatever the program does."""
    with pytest.raises(IntegrityError), created.writing() as db:
        db.execute(text(statement))


def test_an_empty_database_names_its_remedy(tmp_path):
    """A database without tables is refused with the command that makes them."""
    with pytest.raises(DatabaseNotMigratedError, match=r"no tables of ours.*budgetfusion study db upgrade"):
        schema.open_database(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_newer_database_is_refused(database):
    """A database that a newer program migrated is left alone."""
    with database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '99'"))

    with pytest.raises(DatabaseNewerError, match="found schema version 99, this program knows up to 5"):
        schema.check(database)
    with pytest.raises(DatabaseNewerError):
        schema.upgrade(database)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////nowhere/at/all/x.db", "unable to open database file"),
        ("nonsense", "Could not parse"),
        ("postgresql+psycopg://me:geheim@127.0.0.1:1/x", "connection"),
    ],
)
def test_an_unreachable_database_is_one_line_without_its_password(url, reason):
    """What cannot be reached is named with the reason and a remedy, and never with a password."""
    with pytest.raises(DatabaseUnreachableError, match=reason) as caught:
        Database(url)

    assert "\n" not in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)


def test_every_revision_file_begins_with_its_number():
    """A migration file is called <number>_<slug>.py."""
    import migrations

    names = [path.name for path in (Path(migrations.__file__).parent / "versions").glob("*.py")]

    assert names
    assert all(name.split("_")[0].isdigit() for name in names)

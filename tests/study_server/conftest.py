"""A tiny study, its database and its app."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The builder of tiny studies."""
    return tiny_study


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
def postgres():
    """The address of a PostgreSQL server of our own, without TCP; it never runs as root."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("no PostgreSQL server binary on this machine")
    owner = {"user": "nobody"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        shutil.chown(folder, **owner) if owner else None
        initdb = ["initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "tester"]
        subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **owner)
        options = f"-c listen_addresses='' -k {folder}"
        control = ["pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options]
        subprocess.run([*control, "start"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **owner)
        yield f"postgresql+psycopg://tester@/postgres?host={folder}"
        stop = [*control, "-m", "immediate", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd=folder, **owner)


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:
    """A migrated, empty database."""
    opened = Database(f"sqlite:///{tmp_path / 'study.db'}")
    schema.upgrade(opened)
    yield opened
    opened.close()


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
def settings(created, tmp_path) -> Settings:
    """Settings of a server of the tiny study."""
    return Settings(SIGNING, created.url, **{"desk_password": "open sesame"})


@pytest.fixture
def app(settings):
    """The app of the tiny study."""
    made = create_app(settings)
    yield made
    made.extensions["budgetfusion"].database.close()

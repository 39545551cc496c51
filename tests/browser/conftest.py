"""A live server of the tiny study, and headless Chromium."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from study_server import schema, studies
from study_server.db import Database
from study_server.serving import serving
from study_server.settings import Settings

SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _load(path):
    """Import the builder of tiny studies from the server's tests; there are no packages below tests/."""
    if path.stem not in sys.modules:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        sys.modules[path.stem] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[path.stem])
    return sys.modules[path.stem]


@pytest.fixture(scope="session")
def tiny():
    """The builder of tiny studies."""
    return _load(Path(__file__).parents[1] / "study_server" / "tiny_study.py")


@pytest.fixture(scope="session")
def stimuli_folder(tiny, tmp_path_factory):
    """A folder with images, manifest and sidecar."""
    folder = tmp_path_factory.mktemp("stimuli")
    tiny.make_stimuli(folder)
    return folder


@pytest.fixture
def database(tiny, stimuli_folder, tmp_path):
    """A database that holds the tiny study."""
    from stimuli.manifest import read_manifest

    opened = Database(f"sqlite:///{tmp_path / 'study.db'}")
    schema.upgrade(opened)
    with opened.writing() as db:
        studies.create(db, tiny.study_file(blank_ms=500), read_manifest(stimuli_folder), stimuli_folder)
    yield opened
    opened.close()


@pytest.fixture
def url(database):
    """The address of a live server of the tiny study."""
    with serving(Settings("signs in the tests only", database.url)) as address:
        yield address


@pytest.fixture(scope="session")
def launch():
    """Start headless browsers, with switches of one's own."""
    sync_api = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("BUDGETFUSION_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with sync_api.sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium on this machine; name one with BUDGETFUSION_CHROMIUM")
        yield lambda *more: playwright.chromium.launch(executable_path=path, args=[*SWITCHES, *more])


@pytest.fixture(scope="session")
def chromium(launch):
    """One headless browser."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def page(chromium):
    """A fresh page, 1280 by 800; an error in its program fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    opened, problems = context.new_page(), []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    context.close()
    assert problems == []

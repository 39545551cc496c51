"""A live server of the tiny study, headless Chromium, and Firefox where there is one."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.postgres import postgres
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


@pytest.fixture(scope="session")
def postgres_server():
    """A real PostgreSQL: the one of DATABASE_URL, else one of our own."""
    with postgres() as server:
        yield server


@pytest.fixture
def postgresql(postgres_server):
    """The address of an empty database of the test's own."""
    with postgres_server.database() as address:
        yield address


@pytest.fixture
def database(request, tiny, stimuli_folder, tmp_path):
    """A database that holds the tiny study: SQLite, or `postgresql` where a test asks for it."""
    from stimuli.manifest import read_manifest

    is_file = getattr(request, "param", "sqlite") == "sqlite"
    opened = Database(f"sqlite:///{tmp_path / 'study.db'}" if is_file else request.getfixturevalue("postgresql"))
    schema.upgrade(opened)
    with opened.writing() as db:
        studies.create(db, tiny.study_file(blank_ms=500), read_manifest(stimuli_folder), stimuli_folder)
    yield opened
    opened.close()


@pytest.fixture
def make_study(database, tiny, stimuli_folder):
    """Publish a tiny study of another name with a design and texts of one's own."""
    from stimuli.manifest import read_manifest

    def make(name, texts=None, **design):
        wanted = tiny.study_file(blank_ms=100).model_dump(exclude={"generation", "analysis"}, exclude_none=True)
        wanted["study"]["name"] = name
        wanted["design"] |= design
        wanted["texts"] |= texts or {}
        with database.writing() as db:
            manifest = read_manifest(stimuli_folder).model_copy(update={"study": name})
            studies.create(db, type(tiny.study_file()).model_validate(wanted), manifest, stimuli_folder)

    return make


@pytest.fixture(scope="session")
def violations():
    """Look at a page with axe; return what it finds that is serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()  # with axe-core inside

    def look(page):
        found = axe.run(page).response["violations"]
        return [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")]

    return look


@pytest.fixture
def url(database):
    """The address of a live server of the tiny study."""
    with serving(Settings("signs in the tests only", database.url)) as address:
        yield address


@pytest.fixture(scope="session")
def playwright():
    """What drives the browsers."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def launch(playwright):
    """Start headless browsers, with switches of one's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("BUDGETFUSION_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None and not Path(playwright.chromium.executable_path).exists():
        pytest.skip("no Chromium on this machine; name one with BUDGETFUSION_CHROMIUM")
    return lambda *more: playwright.chromium.launch(executable_path=path, args=[*SWITCHES, *more])


@pytest.fixture(scope="session")
def launch_firefox(playwright):
    """Start headless Firefoxes, Debian's or another unpatched one, with preferences of one's own."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("no Firefox on this machine")
    return lambda **preferences: playwright.firefox.launch(
        channel="moz-firefox",  # speaks WebDriver BiDi with any Firefox, not only with Playwright's patched one
        executable_path=path,
        env={**os.environ, "MOZ_HEADLESS_WIDTH": "2600", "MOZ_HEADLESS_HEIGHT": "1800"},  # room at any scale
        firefox_user_prefs=preferences,
    )


@pytest.fixture(scope="session")
def chromium(launch):
    """One headless browser."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(launch_firefox):
    """One headless Firefox."""
    browser = launch_firefox()
    yield browser
    browser.close()


@pytest.fixture
def browser(request):
    """Chromium, or `firefox` where a test asks for it."""
    return request.getfixturevalue(getattr(request, "param", "chromium"))


@pytest.fixture
def page(browser):
    """A fresh page, 1280 by 800; an error in its program fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened, problems = context.new_page(), []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield opened
    context.close()
    assert problems == []

"""The desk in a real browser, axe on each page: the whole journey of `desk_journey`."""

import importlib.util
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # with axe-core inside

pytestmark = pytest.mark.browser


def _journey():
    path = Path(__file__).with_name("desk_journey.py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = sys.modules.setdefault(path.stem, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


class Look:
    """Keeps what axe finds on each page that is serious or critical."""

    def __init__(self, page):
        self.page, self.found, self.seen = page, [], []

    def __call__(self, name):
        """Look at the page as it is."""
        self.seen.append(name)
        found = Axe().run(self.page).response["violations"]
        bad = [rule for rule in found if rule["impact"] in ("serious", "critical")]
        self.found += [(name, rule["id"], rule["nodes"][0]["html"]) for rule in bad]


def test_from_a_study_file_to_a_paid_study(chromium, tmp_path):
    """Create, preview, publish; of thirty, three return, two time out and one fails; pay, export, compare, close."""
    journey = _journey()
    context = chromium.new_context(viewport=journey.SIZE, accept_downloads=True)
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    look = Look(page)
    with journey.desk_of(tmp_path, page, look) as desk:
        journey.go_through(desk)
    context.close()

    assert look.found == []
    assert len(look.seen) == 18
    assert problems == []

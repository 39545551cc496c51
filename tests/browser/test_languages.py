"""The pages in other languages, in a real browser: their direction, and what stays where it is."""

import pytest
from sqlalchemy import select

from study_server.models import Answer

pytestmark = pytest.mark.browser

ARABIC = {
    "language": "ar",
    "landing": "# أهلًا",
    "comprehension": [{"question": "؟", "answers": ["نعم", "لا"], "right": 1}],
}


def primary(page, leads_to):
    """Press the one coloured button of a page."""
    page.wait_for_selector(".primary:enabled, a.primary")
    page.locator(".primary").click()
    page.wait_for_url(f"**/{leads_to}")


def overflow(page):
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("() => document.documentElement.scrollWidth - innerWidth")


def test_an_arabic_study_runs_from_right_to_left_and_axe_finds_nothing_serious(
    page, url, database, make_study, violations
):
    """Every page says its language and direction; A stays on the left with its key; nothing leaves the window."""
    make_study("arabic", ARABIC, card_calibration=True)
    found, wide = {}, {}

    def look(name):
        assert page.evaluate("() => [document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
        found[name], wide[name] = violations(page), overflow(page)

    page.goto(f"{url}/s/arabic")
    look("landing")
    primary(page, "consent")
    look("consent")
    primary(page, "device")
    page.wait_for_selector("#go-on:enabled")
    look("device")
    primary(page, "card")
    page.wait_for_selector("#said:not(:empty)")  # the page listens from then on
    page.focus("#width")
    page.keyboard.press("ArrowUp")
    look("card")
    primary(page, "instructions")
    look("instructions")
    primary(page, "check")
    page.get_by_label("نعم").check()
    look("check")
    primary(page, "trials")
    page.wait_for_selector("#stage[data-trial]")
    look("trial")
    boxes = [page.locator(f"#{place}").bounding_box()["x"] for place in ("left", "reference", "right")]
    assert boxes == sorted(boxes)
    page.wait_for_timeout(100)
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('تم الحفظ')")
    page.goto(f"{url}/s/arabic/leave")
    look("leave")
    page.goto(f"{url}/s/arabic/accessibility")
    look("accessibility")

    assert {name: each for name, each in found.items() if each} == {}
    assert set(wide.values()) == {0}
    with database.reading() as db:
        assert db.scalar(select(Answer.response)) == "left"


def test_a_german_study_says_its_errors_in_german(page, url, make_study):
    """A page of an error speaks the language of the study that it belongs to."""
    make_study("deutsch", {"language": "de"})
    page.goto(f"{url}/s/deutsch/trials")

    assert page.inner_text("h1") == "Das hat nicht geklappt"
    assert page.get_attribute("html", "lang") == "de"
    page.goto(f"{url}/s/none")
    assert page.get_attribute("html", "lang") == "en"


def test_a_device_of_another_kind_is_told_which_kinds_may_take_part(page, url, make_study):
    """A study for tablets and phones says so to a computer, in its own language, and offers the way out."""
    make_study("tablets", {"language": "de"}, devices=["tablet", "phone"])
    page.goto(f"{url}/s/tablets")
    primary(page, "consent")
    page.locator(".primary").click()
    page.wait_for_selector("[data-check=kind][data-found=no]")

    assert "Bitte nehmen Sie teil mit einem Tablet · einem Telefon." in page.inner_text("#gate")
    assert page.is_disabled("#go-on")
    page.get_by_role("button", name="Das geht hier nicht").click()
    assert page.inner_text("h1") == "Dieses Gerät passt nicht"

"""The card on the screen, in a real browser: what a millimetre has is stored before the trials."""

import pytest
from sqlalchemy import select

from study_server.ledger import Audit

pytestmark = pytest.mark.browser


def to_card(page, url):
    """Go from the landing page to the card."""
    page.goto(f"{url}/s/card")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/card")


def entries(database):
    """Return what the chain of the visit says, in order."""
    with database.reading() as db:
        return db.execute(select(Audit.what, Audit.detail).order_by(Audit.id)).all()


@pytest.mark.parametrize(("width", "side_mm"), [(1280, 85.6), (400, 53.98)])
def test_the_drawn_card_is_measured_in_device_pixels(page, url, database, make_study, width, side_mm):
    """By the arrow keys alone; what is stored is the drawn width over that side of a real card."""
    make_study("card", card_calibration=True)
    page.set_viewport_size({"width": width, "height": 800})
    to_card(page, url)
    assert page.is_disabled("#go-on")
    page.wait_for_selector("#said:not(:empty)")  # the page listens from then on
    page.focus("#width")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    drawn = page.locator("#card").bounding_box()["width"]
    slider = page.locator("#width").bounding_box()["y"]
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert page.locator("#width").bounding_box()["y"] == slider  # nothing jumps while the card grows
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="They are equally wide").click()
    page.wait_for_url("**/instructions")

    (_, found) = next(entry for entry in entries(database) if entry.what == "card")
    assert found["width_px"] == pytest.approx(drawn, abs=0.1)
    assert found["pixels_per_mm"] == pytest.approx(drawn / side_mm, abs=0.01)


def test_who_has_no_card_goes_on_without(page, url, database, make_study, violations):
    """Nobody is kept out for it; that there was none is stored, after the device and before any answer."""
    make_study("card", card_calibration=True)
    to_card(page, url)
    assert violations(page) == []
    page.get_by_role("button", name="I have no card here").click()
    page.wait_for_url("**/instructions")

    said = [(what, detail) for what, detail in entries(database) if what in ("device", "card")]
    assert [what for what, _ in said] == ["device", "card"]
    assert said[1][1] == {"width_px": None, "pixels_per_mm": None}

"""Every page on the way through a study, in a real browser: exits, checks, layouts, and axe on each page."""

import pytest
from sqlalchemy import func, select

from study_server import studies
from study_server.ledger import Audit, Code, Event
from study_server.models import Answer, Session

pytestmark = pytest.mark.browser

COMPREHENSION = [
    {"question": "Which one?", "answers": ["The prettier", "The more similar"], "right": 2},
    {"question": "In a hurry?", "answers": ["No", "Yes"], "right": 1},
]


def to_instructions(page, url, study="tiny"):
    """Go from the landing page over the device gate to the instructions, by keyboard alone."""
    page.goto(f"{url}/s/{study}")
    press(page, "Start", "consent")
    press(page, "I agree", "device")
    page.wait_for_selector("#go-on:enabled")
    press(page, "Continue", "instructions")


def press(page, name, leads_to=None):
    """Reach a button or link with the tab key, press Enter, and wait for the page that it leads to."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.innerText?.trim()").startswith(name):
            page.keyboard.press("Enter")
            if leads_to:
                page.wait_for_url(f"**/{leads_to}")
            return
    raise AssertionError(f"no way to {name!r} by keyboard")


def to_trial(page):
    """Wait until a trial is painted."""
    page.wait_for_selector("#stage[data-trial]")
    page.wait_for_timeout(80)


def rows(database, what):
    """Return one column's values."""
    with database.reading() as db:
        return list(db.scalars(what))


def test_a_whole_study_can_be_taken_by_keyboard_and_axe_finds_nothing_serious(
    page, url, database, violations, make_study
):
    """From the landing page to the thanks with Tab, Enter and the answer keys; no page has a serious finding."""
    make_study("keys", {"comprehension": COMPREHENSION})
    found = {}
    page.goto(f"{url}/s/keys")
    found["landing"] = violations(page)
    press(page, "Start", "consent")
    found["consent"] = violations(page)
    press(page, "I agree", "device")
    page.wait_for_selector("#go-on:enabled")
    found["device"] = violations(page)
    press(page, "Continue", "instructions")
    found["instructions"] = violations(page)
    press(page, "Continue", "check")
    found["check"] = violations(page)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    press(page, "Check my answers", "trials")
    to_trial(page)
    found["trial"] = violations(page)
    press(page, "Instructions")
    found["dialog"] = violations(page)
    page.keyboard.press("Escape")
    while not page.url.endswith("/done"):
        state = page.wait_for_selector("#stage[data-trial], #interlude:not([hidden]), .receipt")
        if state.get_attribute("id") == "interlude":
            found["break"] = violations(page)
            page.keyboard.press("Space")
        page.keyboard.press("f")
        page.wait_for_timeout(60)
    found["done"] = violations(page)
    for name in ("leave", "accessibility"):
        page.goto(f"{url}/s/keys/{name}")
        found[name] = violations(page)

    assert {name: each for name, each in found.items() if each} == {}
    assert len(found) == 11
    assert len(rows(database, select(Answer.id))) == 10


def test_two_failed_tries_end_the_visit_with_its_own_code(page, url, database, make_study):
    """Wrong answers may be given once more; then the visit ends with the code of failed checks."""
    make_study("check", {"comprehension": COMPREHENSION})
    to_instructions(page, url, "check")
    page.get_by_role("link", name="Continue").click()
    assert '"right"' not in page.content()
    for _ in range(2):
        page.get_by_label("The prettier").check()
        page.get_by_label("No").check()
        page.get_by_role("button", name="Check my answers").click()

    assert "The study ends here" in page.inner_text("main")
    code = select(Code.code).join(studies.Study, Code.study_id == studies.Study.id)
    wanted = rows(database, code.where(studies.Study.name == "check", Code.outcome == "failed_checks"))
    assert wanted[0] in page.inner_text("main")
    page.goto(f"{url}/s/check/trials")
    assert page.url.endswith("/over")


def test_a_window_that_is_too_small_is_told_so_and_has_its_exit(page, url, database, violations):
    """Where the pictures have no room nobody goes on; larger it works, and the way out gives the code for it."""
    page.set_viewport_size({"width": 200, "height": 300})
    page.goto(f"{url}/s/tiny")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.wait_for_selector("[data-check=room][data-found=no]")
    assert page.is_disabled("#go-on")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.wait_for_selector("#go-on:enabled")
    page.get_by_role("button", name="I cannot do this here").click()

    assert "This device does not fit" in page.inner_text("main")
    assert rows(database, select(Code.code).where(Code.outcome == "device"))[0] in page.inner_text("main")
    assert violations(page) == []


def test_what_the_device_said_is_kept_before_any_answer(page, url, database):
    """Ratio, sizes, frame interval and the multiple that fits stand in the visit's chain."""
    to_instructions(page, url)
    said = rows(database, select(Audit.detail).where(Audit.what == "device"))[0]

    assert (said["kind"], said["engine"], said["pixel_ratio"], said["scale"]) == ("desktop", "chromium", 1, 4)
    assert 0 < said["frame_ms"] < 1000


@pytest.mark.parametrize(("words", "kept"), [("let my answers be used", 1), ("delete my answers", 0)])
def test_leaving_keeps_or_erases_the_answers_as_the_person_wishes(page, url, database, violations, words, kept):
    """The way out is on the trial page; after it the answers are as the person decided, and the code is for that."""
    to_instructions(page, url)
    page.get_by_role("link", name="Begin").click()
    to_trial(page)
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('saved')")
    page.get_by_role("link", name="Leave").click()
    page.get_by_role("button", name=words).click()

    assert "You have left the study" in page.inner_text("main")
    assert rows(database, select(Session.state)) == ["withdrawn"]
    assert rows(database, select(func.count(Answer.id))) == [kept]
    assert violations(page) == []


def test_a_changed_window_pauses_the_trial_and_marks_it(page, url, database):
    """While a trial is up, another width or zoom takes it away; it comes again, and its answer is marked."""
    to_instructions(page, url)
    page.get_by_role("link", name="Begin").click()
    to_trial(page)
    page.set_viewport_size({"width": 1000, "height": 800})
    page.wait_for_selector("#interlude:not([hidden])")
    page.keyboard.press("f")
    page.keyboard.press("Space")
    to_trial(page)
    page.keyboard.press("j")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('saved')")

    with database.reading() as db:
        response, flags = db.execute(select(Answer.response, Answer.flags)).one()
    assert response == "right"
    assert "zoomed" in flags


def test_in_the_flip_layout_an_answer_counts_after_each_image_was_up(page, url, database, make_study):
    """Before every picture has been up long enough keys choose nothing; each flip is kept as an event."""
    make_study("flip", layout="flip", min_exposure_ms=150)
    to_instructions(page, url, "flip")
    page.get_by_role("link", name="Begin").click()
    to_trial(page)
    page.keyboard.press("f")
    for _ in range(3):
        page.wait_for_timeout(250)
        assert page.locator(".current").count() == 1
        page.keyboard.press("Space")
    assert page.inner_text("#flip output") == "3"
    assert rows(database, select(Answer.id)) == []
    page.keyboard.press("j")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('saved')")
    page.goto(f"{url}/s/flip/leave")
    page.wait_for_timeout(300)

    assert rows(database, select(Answer.response)) == ["right"]
    assert rows(database, select(func.count(Event.id)).where(Event.kind == "flipped")) == [3]


def test_two_images_alone_with_other_keys_and_not_sure(page, url, database, make_study):
    """The task which-is-reference shows no reference; keys are those of the study file; N is 'not sure'."""
    make_study("two", task="which-is-reference", not_sure=True, left_key="arrowleft", right_key="arrowright")
    to_instructions(page, url, "two")
    page.get_by_role("link", name="Begin").click()
    to_trial(page)
    assert page.locator("canvas").count() == 2
    for key in ("ArrowLeft", "n"):
        before = page.get_attribute("#stage", "data-trial")
        page.keyboard.press(key)
        page.wait_for_function(
            "(before) => ![undefined, before].includes(document.querySelector('#stage').dataset.trial)"
            " || !document.querySelector('#interlude').hidden",
            arg=before,
        )
        page.wait_for_timeout(80)

    assert rows(database, select(Answer.response).order_by(Answer.position)) == ["left", "tie"]


def test_the_reference_stands_above_in_its_layout(page, url, make_study):
    """In the layout reference-above the reference is over the two, all of one size."""
    make_study("above", layout="reference-above")
    to_instructions(page, url, "above")
    page.get_by_role("link", name="Begin").click()
    to_trial(page)
    left, reference, right = (page.locator(f"#{place}").bounding_box() for place in ("left", "reference", "right"))

    assert reference["y"] + reference["height"] < left["y"] == right["y"]
    assert {(box["width"], box["height"]) for box in (left, reference, right)} == {(left["width"], left["height"])}


def test_mashed_keys_give_one_answer_to_each_trial(page, url, database):
    """Thirty presses a second of both answer keys and the space bar through whole blocks: one answer for each trial."""
    to_instructions(page, url)
    page.get_by_role("link", name="Begin").click()
    to_trial(page)
    while not page.url.endswith("/done"):
        for key in ("f", "j", "Space"):
            page.keyboard.press(key)
            page.wait_for_timeout(33)

    with database.reading() as db:
        counts = db.scalars(select(func.count()).select_from(Answer).group_by(Answer.trial_id)).all()
    assert counts == [1] * 10

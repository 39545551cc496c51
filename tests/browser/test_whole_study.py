"""A person's whole visit in a real browser, against a live server."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from stimuli.manifest import read_manifest
from stimuli.store import pixel_sha256
from study_server.models import Answer, Session, Trial

pytestmark = pytest.mark.browser

everywhere = pytest.mark.parametrize(
    ("browser", "database"),
    [("chromium", "sqlite"), ("chromium", "postgresql"), ("firefox", "sqlite")],
    indirect=True,
)
both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def enter(page, url):
    """Go from the landing page to the first trial."""
    page.goto(f"{url}/s/tiny")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Begin").click()
    ready(page)


def ready(page):
    """Wait until a trial's images are there and painted."""
    page.wait_for_selector("#stage[data-trial]")
    page.evaluate(
        "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r, 0))))"
    )


def shown(page):
    """Return the index of the trial on the screen."""
    return page.get_attribute("#stage", "data-trial")


def next_trial(page, before):
    """Wait for another trial, going on over a break, or for the end; return whether there is one."""
    state = page.wait_for_function(
        "(before) => { const trial = document.querySelector('#stage[data-trial]')?.dataset.trial;"
        " if (location.pathname.endsWith('/done')) return 'done';"
        " if (document.querySelector('#interlude:not([hidden])')) return 'break';"
        " return trial !== undefined && trial !== before && 'trial'; }",
        arg=before,
    ).json_value()
    if state == "done":
        page.wait_for_url("**/done")
        return False
    if state == "break":
        page.keyboard.press("Space")
    ready(page)
    return True


def answers(database):
    """Return how many answers are stored."""
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Answer))


@everywhere
def test_a_whole_visit_stores_one_answer_for_each_trial(page, url, database):
    """By keyboard, mouse and buttons, with double presses and a reload in the middle: ten trials, ten answers."""
    enter(page, url)
    ways = [
        lambda: page.keyboard.press("f"),
        lambda: page.get_by_role("button", name="B J key").click(),
        lambda: (page.keyboard.press("j"), page.keyboard.press("j"), page.keyboard.press("f")),
        lambda: page.get_by_role("button", name="A F key").dblclick(),
        lambda: page.locator("#choose-right").press("Enter"),
    ]
    number, going = 0, True
    while going:
        before = shown(page)
        ways[number % len(ways)]()
        number += 1
        going = next_trial(page, before)
        if number == 5:
            page.wait_for_function("() => document.querySelector('#saved').textContent.includes('saved')")
            page.reload()
            ready(page)

    assert "P-0001" in page.inner_text("main")
    with database.reading() as db:
        visit = db.scalars(select(Session)).one()
        per_trial = select(Trial.trial_index, func.count(Answer.id)).outerjoin(Answer).group_by(Trial.id)
        of_visit = per_trial.where(Trial.slot_id == visit.slot_id)
        assert dict(db.execute(of_visit).all()) == dict.fromkeys(range(10), 1)
        assert visit.state == "finished"
        assert all(0 <= rt < 60_000 for rt in db.scalars(select(Answer.rt_ms)))


@everywhere
def test_a_second_window_takes_over_and_tells_the_first(page, url, database):
    """The visit goes on in the window that was opened last; the older one says so, and its answer is not lost."""
    enter(page, url)
    other = page.context.new_page()
    other.goto(f"{url}/s/tiny/trials")
    ready(other)
    page.bring_to_front()
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#interlude h2').textContent.includes('elsewhere')")
    assert answers(database) == 0
    page.keyboard.press("Space")
    ready(page)
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('saved')")

    assert answers(database) == 1


def test_practice_says_what_was_right(page, url):
    """After a practice answer, and only then, the page says whether it was the closer one."""
    enter(page, url)
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#feedback').textContent.includes('one.')")

    assert page.inner_text("#block") == "Practice"


@pytest.mark.parametrize("engine", ["chromium", "firefox"])
@pytest.mark.parametrize("ratio", [1, 1.1, 1.25, 1.5, 2])
def test_the_pixels_on_the_screen_are_the_pixels_of_the_study(request, url, stimuli_folder, engine, ratio):
    """At any scale of the screen each image is the stored one to the last bit, each pixel some device pixels wide."""
    known = {stimulus.sha256 for stimulus in read_manifest(stimuli_folder).stimuli()}
    browser = at_scale(request, engine, ratio)
    page = browser.new_context(no_viewport=True).new_page()
    enter(page, url)
    ratio = page.evaluate("() => devicePixelRatio")  # Firefox goes in steps: 1.1 is 12/11 there
    screen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    wide = page.evaluate("() => document.getElementById('left').width") // 64
    assert wide == int(256 * ratio) // 64
    for place in ("left", "reference", "right"):
        box = page.locator(f"#{place}").bounding_box()
        x, y = round(box["x"] * ratio), round(box["y"] * ratio)
        pixels = screen[y : y + 64 * wide, x : x + 64 * wide]
        assert (pixels == np.kron(pixels[::wide, ::wide], np.ones((wide, wide, 1), dtype=np.uint8))).all()
        assert pixel_sha256(np.ascontiguousarray(pixels[::wide, ::wide])) in known
    browser.close()


def at_scale(request, engine, ratio):
    """Start a browser on a screen with so many device pixels for a CSS pixel."""
    if engine == "firefox":
        return request.getfixturevalue("launch_firefox")(**{"layout.css.devPixelsPerPx": str(ratio)})
    return request.getfixturevalue("launch")(f"--force-device-scale-factor={ratio}", "--window-size=1280,900")


def test_the_background_is_mid_grey_and_images_are_32_apart(page, url):
    """The surround is #808080 and equal images stand 32 px apart on one line."""
    enter(page, url)
    boxes = [page.locator(f"#{place}").bounding_box() for place in ("left", "reference", "right")]

    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(128, 128, 128)"
    assert len({(box["y"], box["width"], box["height"]) for box in boxes}) == 1
    assert [b["x"] - a["x"] - a["width"] for a, b in itertools.pairwise(boxes)] == [32, 32]


def test_a_key_held_down_answers_once(page, url, database):
    """Keys that repeat by themselves, or were pressed before the images, choose nothing."""
    enter(page, url)
    before = shown(page)
    page.keyboard.down("f")
    for _ in range(20):
        page.keyboard.down("f")  # a repeat, because it was not released
    next_trial(page, before)
    for _ in range(20):
        page.keyboard.down("f")
    page.wait_for_timeout(200)

    assert answers(database) == 1


@everywhere
def test_answers_given_offline_arrive_later(page, url, database):
    """Without a connection the answer is kept, over a reload too, and is stored once when it is back."""
    enter(page, url)
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('No connection')")
    assert answers(database) == 0
    page.unroute("**/answers")
    page.reload()
    ready(page)

    assert answers(database) == 1
    with database.reading() as db:
        assert db.scalar(select(Trial.trial_index).join(Answer)) == 0


@both_databases  # in Firefox a body that is sent cannot be read on its way
def test_a_lost_acknowledgement_stores_nothing_twice(page, url, database):
    """When the answer arrived and its acknowledgement did not, sending it again changes nothing."""
    enter(page, url)
    lost = []

    def lose_first(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/answers", lose_first)
    before = shown(page)
    page.keyboard.press("f")
    next_trial(page, before)

    assert (len(lost), answers(database)) == (1, 1)


def test_no_connection_to_anywhere_else(page, url):
    """The pages ask nobody but their own server."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    enter(page, url)

    assert {address for address in asked if not address.startswith(url)} == set()


def test_the_instructions_can_be_read_again_without_answering(page, url, database):
    """While the instructions lie over the trial, keys choose nothing."""
    enter(page, url)
    page.get_by_role("button", name="Instructions").click()
    page.keyboard.press("f")
    page.wait_for_timeout(200)
    assert answers(database) == 0
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('saved')")

    with database.reading() as db:
        assert "paused" in db.scalar(select(Answer.flags)).split(",")

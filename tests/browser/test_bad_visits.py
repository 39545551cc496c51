"""What goes wrong in a visit, in a real browser: nothing that is stored is lost, doubled or overwritten."""

import base64
import json
import time
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import func, select

from stimuli.manifest import read_manifest
from stimuli.store import pixel_sha256
from study_server import states, studies
from study_server.ledger import Audit, Code
from study_server.models import Answer, Trial

pytestmark = pytest.mark.browser

CALL = """async ({bearer, body}) => {
  const headers = {"Content-Type": "application/json", Authorization: `Bearer ${bearer}`};
  const response = await fetch("/s/tiny/answers", {method: "POST", headers, body});
  return [response.status, response.headers.get("Content-Type"), await response.json()]; }"""
READ = """() => ['left', 'reference', 'right'].map((id) => {
  const canvas = document.getElementById(id);
  const rgba = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return [canvas.width, btoa(Array.from(rgba, (byte) => String.fromCharCode(byte)).join(''))]; })"""
SAVED = "() => document.querySelector('#saved').textContent.includes('saved')"


def enter(page, url):
    """Go from the landing page to the first trial; return the bearer of the window."""
    page.goto(f"{url}/s/tiny")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Continue").click()
    with page.expect_response("**/visit") as opened:
        page.get_by_role("link", name="Begin").click()
    bearer = opened.value.json()["bearer"]
    ready(page)
    return bearer


def ready(page):
    """Wait until a trial is painted and takes answers."""
    page.wait_for_selector("#stage[data-trial]")
    page.wait_for_timeout(300)


def call(page, bearer, **changes):
    """Send an answer as the page's program would, beside it; return status, type and problem."""
    body = {"uuid": str(uuid4()), "trial": 0, "response": "right", "rt_ms": 5, "shown_at": "2026-01-01T00:00:00Z"}
    return page.evaluate(CALL, {"bearer": bearer, "body": json.dumps({**body, **changes})})


def stored(database):
    """Return trial and response of every stored answer."""
    with database.reading() as db:
        return [tuple(row) for row in db.execute(select(Trial.trial_index, Answer.response).join(Answer))]


def until(condition, seconds=10.0):
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_another_answer_to_the_same_trial_is_refused_and_the_visit_goes_on(page, url, database):
    """The first answer stands, the second gets 409 and an entry in the chain, and the next trial comes."""
    bearer = enter(page, url)
    assert call(page, bearer)[0] == 200
    with page.expect_response("**/answers") as refused:
        page.keyboard.press("f")
    page.wait_for_selector('#stage[data-trial="1"]')
    page.wait_for_function(SAVED)

    assert refused.value.status == 409
    assert refused.value.headers["content-type"] == "application/problem+json"
    assert stored(database) == [(0, "right")]
    with database.reading() as db:
        conflicts = db.scalars(select(Audit.detail).where(Audit.what == "conflict")).all()
    assert [(found["trial"], found["response"]) for found in conflicts] == [(0, "left")]


def test_no_trial_is_shown_with_an_image_that_was_cut(page, url, stimuli_folder):
    """Every image arrives cut in half at first: it is fetched again, and what is drawn is the study's."""
    known = {stimulus.sha256 for stimulus in read_manifest(stimuli_folder).stimuli()}
    asked = []

    def cut_first(route):
        asked.append(route.request.url)
        if asked.count(route.request.url) > 1:
            return route.continue_()
        whole = route.fetch()
        return route.fulfill(response=whole, body=whole.body()[: len(whole.body()) // 2])

    page.route("**/i/*", cut_first)
    enter(page, url)

    assert min(asked.count(address) for address in asked[:3]) == 2
    for width, text in page.evaluate(READ):
        rgba = np.frombuffer(base64.b64decode(text), dtype=np.uint8).reshape(width, width, 4)
        wide = width // 64
        assert pixel_sha256(np.ascontiguousarray(rgba[::wide, ::wide, :3])) in known


def test_an_answer_is_sent_when_the_page_goes_away(page, url, database):
    """What still waits when the page is left is sent with the page's last breath."""
    enter(page, url)
    page.route("**/answers", lambda route: route.abort())
    page.keyboard.press("f")
    page.wait_for_function("() => document.querySelector('#saved').textContent.includes('No connection')")
    page.unroute("**/answers")
    assert stored(database) == []
    page.goto("about:blank")

    assert until(lambda: stored(database) == [(0, "left")])


def test_a_touch_is_one_answer(chromium, url, database):
    """A tap, which a browser follows with a click of the mouse, answers one trial and not the next."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    page = context.new_page()
    enter(page, url)
    page.locator("#choose-right").tap()
    page.wait_for_selector('#stage[data-trial="1"]')
    page.wait_for_timeout(400)
    context.close()

    assert stored(database) == [(0, "right")]


def test_two_tabs_that_take_turns_give_one_answer_to_each_trial(page, url, database):
    """The tab that was loaded last goes on where the other stopped; the other is told when it answers once more."""
    enter(page, url)
    other = page.context.new_page()
    for turn, tab in enumerate((other, page), start=1):
        tab.goto(f"{url}/s/tiny/trials")
        ready(tab)
        tab.keyboard.press("j")
        assert until(lambda wanted=turn: len(stored(database)) == wanted)
    other.bring_to_front()
    other.wait_for_selector('#stage[data-trial="1"]')
    other.wait_for_timeout(300)
    other.keyboard.press("f")
    other.wait_for_function("() => document.querySelector('#interlude h2').textContent.includes('elsewhere')")

    assert stored(database) == [(0, "right"), (1, "right")]


def test_a_closed_study_lets_nobody_in_and_loses_no_answer(page, chromium, url, database):
    """Who is in a trial when the study closes is heard; who comes then reads that it rests."""
    enter(page, url)
    with database.writing() as db:
        states.close(db, studies.read_material(db, "tiny"), "a test")
    page.keyboard.press("f")
    page.wait_for_function(SAVED)
    late = chromium.new_context().new_page()
    late.goto(f"{url}/s/tiny")
    late.get_by_role("button", name="Start").click()

    assert stored(database) == [(0, "left")]
    assert "This study rests at the moment" in late.inner_text("main")
    late.context.close()


@pytest.mark.parametrize("value", [None, "forged.value.of-nobody"])
def test_a_visit_whose_cookie_is_gone_or_forged_is_told_so(page, url, database, value):
    """An open trial is still heard by its bearer; a new page says that it belongs to a visit, and shows no trial."""
    enter(page, url)
    names = [cookie["name"] for cookie in page.context.cookies()]
    page.context.clear_cookies()
    if value:
        page.context.add_cookies([{"name": name, "value": value, "url": url} for name in names])
    page.keyboard.press("f")
    page.wait_for_function(SAVED)
    told = page.goto(f"{url}/s/tiny/trials")

    assert told.status == 403
    assert "This page belongs to a visit" in page.inner_text("main")
    assert page.locator("#stage").count() == 0
    assert stored(database) == [(0, "left")]


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"trial": 99_999}, 404), ({"trial": 5}, 403), ({"response": "tie"}, 422), ({"flags": ["x" * 100_000]}, 413)],
)
def test_a_refused_answer_is_explained_and_does_no_harm(page, url, database, changes, status):
    """Not there, not reached, of a kind that is not asked, too long: a problem document, and the visit goes on."""
    bearer = enter(page, url)
    found, kind, problem = call(page, bearer, **changes)
    page.keyboard.press("f")
    page.wait_for_function(SAVED)

    assert (found, kind, problem["status"]) == (status, "application/problem+json", status)
    assert stored(database) == [(0, "left")]


def test_an_answer_that_overtakes_another_is_kept(page, url, database):
    """Within a block answers may come in any order; each trial keeps its first."""
    bearer = enter(page, url)
    assert call(page, bearer, trial=1)[0] == 200
    for trial in ("0", "1"):
        page.wait_for_selector(f'#stage[data-trial="{trial}"]')
        page.wait_for_timeout(300)
        page.keyboard.press("f")
    page.wait_for_selector("#interlude:not([hidden])")

    assert sorted(stored(database)) == [(0, "left"), (1, "right")]


def test_a_server_that_refuses_for_good_strands_nobody(page, url, database):
    """Where an answer will never be taken the page says so, with the code for it, and keeps the answer."""
    enter(page, url)
    page.route("**/answers", lambda route: route.fulfill(status=422, json={}))
    page.keyboard.press("f")
    page.wait_for_selector("#interlude:not([hidden])")
    with database.reading() as db:
        code = db.scalar(select(Code.code).where(Code.outcome == "technical"))
    assert code in page.inner_text("#interlude")
    page.unroute("**/answers")
    page.keyboard.press("Space")
    ready(page)
    page.wait_for_function(SAVED)

    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Answer)) == 1

"""The participant's pages over HTTP: what they do, what they refuse, and what they never tell."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

import study_server
from stimuli.manifest import CHOICE_COLUMNS
from stimuli.store import pixel_sha256
from study_server import states
from study_server.ledger import Code, Event
from study_server.models import Answer, Identity, Session, Slot
from study_server.simulate import DEVICE
from study_server.tokens import sign_pass

SIGNING = "signs in the tests only"


class Visitor:
    """A browser without a screen; keeps every response."""

    def __init__(self, app):
        self.client, self.seen, self.form_token, self.bearer = app.test_client(), [], "", ""

    def get(self, path, **kwargs):
        """Open a page, and take the form token from it."""
        with self.client.get(path, **kwargs) as response:
            response.get_data()
        self.seen.append(response)
        found = re.search(
            r'name="form_token" value="([^"]+)"', response.text if response.mimetype == "text/html" else ""
        )
        self.form_token = found.group(1) if found else self.form_token
        return response

    def post(self, path, **fields):
        """Send a form with its token."""
        response = self.client.post(path, data={"form_token": self.form_token, **fields})
        self.seen.append(response)
        return response

    def begin(self, **fields):
        """Go from the landing page to the trials."""
        self.get("/s/tiny")
        self.post("/s/tiny/start", external_id=fields.get("external_id", ""), **{"pass": fields.get("entry", "")})
        self.get("/s/tiny/consent")
        self.post("/s/tiny/consent", decision="agree")
        self.post("/s/tiny/device", facts=DEVICE)
        return self

    def call(self, path, body=None, **headers):
        """Call the API as the page's program does."""
        shown = {"Origin": "http://localhost", "Authorization": f"Bearer {self.bearer}", **headers}
        self.seen.append(self.client.post(f"/s/tiny/{path}", json=body, headers=shown))
        return self.seen[-1]

    def trials(self):
        """Open the visit in this window and return the unanswered trials."""
        opened = self.call("visit").json
        self.bearer = opened["bearer"]
        return opened["trials"]

    def answer(self, index, response="left", **changes):
        """Answer one trial."""
        body = {"uuid": str(uuid4()), "trial": index, "response": response, "rt_ms": 800.0}
        body |= {"shown_at": datetime.now(UTC).isoformat(), **changes}
        if not self.bearer:
            self.trials()
        return self.call("answers", body)


@pytest.fixture
def visitor(app):
    """A browser that has not been anywhere."""
    return Visitor(app)


def count(database, table):
    """Return how many rows a table has."""
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(table))


def code(database, outcome):
    """Return the completion code of an outcome."""
    with database.reading() as db:
        return db.scalar(select(Code.code).where(Code.outcome == outcome))


def test_a_whole_study_ends_with_one_answer_for_each_trial(visitor, created):
    """Landing, start, consent, instructions, trials, finish: ten trials, ten answers, a code."""
    visitor.begin()
    assert visitor.get("/s/tiny/instructions").status_code == 200
    assert visitor.get("/s/tiny/trials").status_code == 200
    for trial in visitor.trials():
        assert visitor.answer(trial["index"]).json["stored"]

    assert visitor.post("/s/tiny/finish").location == "/s/tiny/done"
    done = visitor.get("/s/tiny/done").text
    assert "P-0001" in done
    assert f"https://app.prolific.com/submissions/complete?cc={code(created, 'completed')}" in done
    assert count(created, Answer) == 10


def test_looking_never_starts_anything(app, created):
    """Fifty link previews create no row."""
    for _ in range(50):
        app.test_client().get("/s/tiny?PROLIFIC_PID=" + "a" * 24)

    assert [count(created, table) for table in (Session, Identity)] == [0, 0]


def test_nothing_that_is_shown_tells_the_conditions(visitor, created, manifest):
    """No page, JSON, header or address before the end holds a condition, step count, hash of pixels or code."""
    visitor.begin()
    for page in ("instructions", "trials"):
        visitor.get(f"/s/tiny/{page}")
    for trial in visitor.trials():
        for name in trial["images"].values():
            visitor.get(f"/s/tiny/i/{name}.png")
        visitor.answer(trial["index"])
    text = "\n".join(
        f"{r.request.path} {r.headers} {r.get_data().decode('latin-1')}"
        for r in visitor.seen
        if r.mimetype != "image/png"
    )
    text += "\n".join(f"{r.request.path} {r.headers}" for r in visitor.seen if r.mimetype == "image/png")

    secrets = {s.sha256[:12] for s in manifest.stimuli()} | {i.item_id for i in manifest.items}
    secrets |= {
        "OURS",
        "UNIFORM",
        "REFERENCE",
        "GOOD",
        "OBVIOUS",
        "num_steps",
        "condition",
        "purpose",
        "catch",
        "repeat",
    }
    secrets |= {i.prompt for i in manifest.items}
    with created.reading() as db:
        secrets |= set(db.scalars(select(Code.code).where(Code.outcome != "technical")))
    assert {secret for secret in secrets if secret in text} == set()
    assert len(visitor.seen) > 40


def test_no_two_images_of_a_visit_share_a_name(visitor):
    """A name never says that two images are the same, and another visit has other names."""
    names = [name for trial in visitor.begin().trials() for name in trial["images"].values()]
    other = Visitor(visitor.client.application)
    others = [name for trial in other.begin().trials() for name in trial["images"].values()]

    assert len(set(names)) == len(names)
    assert not set(names) & set(others)
    assert other.get(f"/s/tiny/i/{names[0]}.png").status_code == 404


def test_images_are_served_exactly_as_stored(visitor, manifest):
    """The decoded pixels of a served image have the hash of the manifest, and only this browser may keep them."""
    trial = visitor.begin().trials()[0]
    known = {stimulus.sha256 for stimulus in manifest.stimuli()}
    for name in trial["images"].values():
        response = visitor.get(f"/s/tiny/i/{name}.png")
        with Image.open(io.BytesIO(response.data)) as image:
            assert pixel_sha256(np.asarray(image)) in known
        assert response.headers["Cache-Control"].startswith("private")
        assert "ETag" not in response.headers
        assert "Last-Modified" not in response.headers
        assert "Content-Disposition" not in response.headers


def test_an_answer_is_acknowledged_again_and_a_conflict_refused(visitor, created):
    """The same POST twice gives the same acknowledgement; another answer to the trial gives 409."""
    visitor.begin()
    uuid = str(uuid4())
    first, again = (visitor.answer(1, "left", uuid=uuid) for _ in range(2))

    assert (first.json, first.status_code) == (again.json, 200)
    assert visitor.answer(1, "right").status_code == 409
    assert count(created, Answer) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"response": "tie"}, 422),
        ({"rt_ms": -1}, 422),
        ({"rt_ms": "soon"}, 422),
        ({"uuid": "1"}, 422),
        ({"shown_at": "2026-01-01T00:00:00"}, 422),
        ({"shown_at": "0001-01-01T00:00:00+14:00"}, 422),
        ({"flags": ["simulated-perceived"]}, 422),
        ({"mode": "bot"}, 422),
        ({"trial": 99}, 404),
    ],
)
def test_a_malformed_answer_is_refused(visitor, created, change, status):
    """What is not an answer is not stored; a person cannot mark rows as simulated."""
    visitor.begin()

    assert visitor.answer(**{"index": 0, **change} if "trial" not in change else {"index": 99}).status_code == status
    assert count(created, Answer) == 0


def test_only_practice_trials_say_what_was_right(visitor):
    """Feedback comes in practice and never later."""
    trials = visitor.begin().trials()
    told = [("correct" in visitor.answer(trial["index"]).json, trial["block"] == 0) for trial in trials]

    assert all(has_feedback == is_practice for has_feedback, is_practice in told)


def test_a_reload_goes_on_where_the_visit_stopped(visitor):
    """Answered trials are not asked again, and the landing page leads back."""
    visitor.begin()
    for index in range(4):
        visitor.answer(index)
    visitor.get("/s/tiny")

    assert visitor.trials()[0]["index"] == 4
    assert "Go on" in visitor.get("/s/tiny").text
    assert visitor.post("/s/tiny/start").location == "/s/tiny/trials"


def test_another_browser_of_the_same_person_goes_on(app, visitor):
    """The same external id in a new browser resumes the same visit."""
    visitor.begin(external_id="b" * 24)
    visitor.answer(0)
    other = Visitor(app)
    other.get("/s/tiny?PROLIFIC_PID=" + "b" * 24)

    assert other.post("/s/tiny/start", external_id="b" * 24).location == "/s/tiny/device"
    assert other.post("/s/tiny/device", facts=DEVICE).location == "/s/tiny/trials"
    assert other.trials()[0]["index"] == 1


def test_declining_ends_politely_and_stores_nobody(visitor, created):
    """Without consent there is a kind page, no identity and a free place."""
    visitor.get("/s/tiny")
    visitor.post("/s/tiny/start", external_id="c" * 24)
    page = visitor.post("/s/tiny/consent", decision="decline")

    assert "You did not agree" in page.text
    assert code(created, "no_consent") in page.text
    assert count(created, Identity) == 0
    with created.reading() as db:
        assert db.scalar(select(func.count()).where(Slot.state != "free")) == 0


def test_a_full_study_is_a_polite_page_with_a_code(app, created):
    """The seventh person of six is thanked, and has the code that pays for the way."""
    for _ in range(6):
        Visitor(app).begin()
    late = Visitor(app)
    late.get("/s/tiny")

    assert late.post("/s/tiny/start", external_id="e" * 24).location == "/s/tiny/over"
    page = late.get("/s/tiny/over").text
    assert "All places are taken" in page
    assert code(created, "overfull") in page


def test_a_paused_study_says_that_it_rests(app, created, material):
    """Who comes while the study is paused is told so, and nothing about them is stored."""
    created.write(lambda db: states.pause(db, material, "a look", "somebody"))
    late = Visitor(app)
    late.get("/s/tiny")
    answered = late.post("/s/tiny/start", external_id="e" * 24)

    assert (answered.status_code, "rests at the moment" in answered.text) == (503, True)
    assert "a look" not in answered.text
    assert count(created, Session) == 0


def test_finishing_early_leads_back_to_the_trials(visitor):
    """Finish without all answers is no way to the end."""
    visitor.begin()

    assert visitor.post("/s/tiny/finish").location == "/s/tiny/trials"
    assert visitor.get("/s/tiny/done").status_code == 303


def test_forms_without_their_token_are_refused(app):
    """A POST from elsewhere, with the cookie and without the form's token, changes nothing."""
    visitor = Visitor(app).begin()
    visitor.form_token = "guess"  # noqa: S105

    assert visitor.post("/s/tiny/finish").status_code == 400
    assert app.test_client().post("/s/tiny/start").status_code == 400


def test_texts_are_markdown_without_html(visitor):
    """An author's HTML is shown as text."""
    page = visitor.get("/s/tiny").text

    assert "<h1>Welcome</h1>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_nobody_becomes_a_bot_or_a_person_by_wish(app, created):
    """The mode comes from a signed pass alone; a forged one, or one for another study, is refused."""
    forged = sign_pass("another secret", "tiny", "bot")
    elsewhere = sign_pass(SIGNING, "other", "bot")
    for entry in (forged, elsewhere, "bot"):
        visitor = Visitor(app)
        visitor.get("/s/tiny")
        assert visitor.post("/s/tiny/start", **{"pass": entry}).status_code == 403
    Visitor(app).begin(entry=sign_pass(SIGNING, "tiny", "bot", "simulated-perceived"))

    with created.reading() as db:
        session = db.scalars(select(Session)).one()
        assert (session.participant.mode, session.flags) == ("bot", "simulated-perceived")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/s/none", 404, "There is no study here"),
        ("/s/tiny/trials", 403, "Open the link to the study again"),
        ("/s/tiny/i/0.png", 403, "Open the link to the study again"),
        ("/nowhere", 404, "That did not work"),
    ],
)
def test_a_wrong_address_is_answered_in_words(visitor, path, status, text):
    """Nobody is left with a blank page."""
    response = visitor.get(path)

    assert (response.status_code, text in response.text) == (status, True)


def test_a_damaged_participant_id_is_refused(visitor, created):
    """An id with odd characters starts nothing."""
    visitor.get("/s/tiny")

    for damaged in ("a b<c>", "a" * 23, "A" * 24, "person"):
        assert visitor.post("/s/tiny/start", external_id=damaged).status_code == 400
    assert count(created, Session) == 0


def test_a_person_who_withdraws_may_have_the_answers_erased(visitor, created):
    """Leaving gives the code for that, closes the visit, and erases what was answered if that is the wish."""
    visitor.begin()
    visitor.answer(0)
    left = visitor.call("withdrawal", {"erase": True})

    assert left.json == {"outcome": "withdrawn", "code": code(created, "withdrawn")}
    assert count(created, Answer) == 0
    assert code(created, "withdrawn") in visitor.get("/s/tiny/over").text
    assert visitor.answer(1).status_code == 401


def test_events_are_kept_once(visitor, created):
    """Focus, zoom, retries and load times are stored beside the answers, each once."""
    visitor.begin()
    visitor.trials()
    events = [
        {"uuid": str(uuid4()), "kind": kind, "trial": 1, "value": 2.5, "happened_at": datetime.now(UTC).isoformat()}
        for kind in ("hidden", "loaded")
    ]
    told = [visitor.call("events", {"events": events}) for _ in range(2)]

    assert [answered.json for answered in told] == [{"stored": 2}] * 2
    assert count(created, Event) == 2
    assert visitor.call("events", {"events": [{**events[0], "kind": "spying"}]}).status_code == 422


def test_the_api_gives_the_code_at_the_end_and_not_before(visitor, created):
    """Completion with an unanswered trial is a conflict without a code; with every answer stored it is the code."""
    visitor.begin()
    trials = visitor.trials()
    early = visitor.call("completion")
    for trial in trials:
        visitor.answer(trial["index"])

    assert (early.status_code, early.mimetype) == (409, "application/problem+json")
    assert visitor.call("completion").json == {"outcome": "completed", "code": code(created, "completed")}


def test_leaving_says_what_happens_to_the_answers(visitor):
    """The way out names the code and the way back."""
    visitor.begin()

    assert "P-0001" in visitor.get("/s/tiny/leave").text


def test_column_names_are_not_in_the_programs():
    """The browser's programs do not know the columns that tell a condition."""
    names = {column for column in CHOICE_COLUMNS if "condition" in column or "steps" in column}
    programs = [path.read_text() for path in Path(study_server.__file__).parent.glob("static/*.js")]

    assert len(programs) > 4
    assert not {name for name in names if name in "".join(programs)}

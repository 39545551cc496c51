"""The order of a visit's steps, kept by the server: who skips one gets a named problem, and nothing is lost."""

import json
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from study_server import studies
from study_server.app import create_app
from study_server.ledger import Audit
from study_server.models import Answer
from study_server.padding import padded
from study_server.settings import Settings
from study_server.simulate import DEVICE

OURS = {"Origin": "http://localhost"}
CARD = json.dumps({"width_px": 324.0, "pixels_per_mm": 3.785})
CHECK = [{"question": "Which?", "answers": ["This", "That"], "right": 2}]
MISSING = "urn:budgetfusion:problem:step-missing"


@pytest.fixture
def app(database):
    """The app of whatever study a test makes."""
    made = create_app(Settings("signs in the tests only", database.url))
    yield made
    made.extensions["budgetfusion"].database.close()


@pytest.fixture
def strict(database, tiny, stimuli_folder, manifest):
    """A study with every step: device, card, comprehension, practice, two blocks."""
    wanted = tiny.study_file(card_calibration=True).model_dump(exclude={"generation", "analysis"}, exclude_none=True)
    wanted["texts"]["comprehension"] = CHECK
    with database.writing() as db:
        studies.create(db, type(tiny.study_file()).model_validate(wanted), manifest, stimuli_folder)
    return database


class Client:
    """Somebody who need not go the way of the pages."""

    def __init__(self, app):
        self.browser, self.bearer = app.test_client(), ""
        self.token = re.search(r'name="form_token" value="([^"]+)"', self.browser.get("/s/tiny").text)[1]

    def form(self, page, **fields):
        """Send a form, and return where it leads."""
        return self.browser.post(f"/s/tiny/{page}", data={"form_token": self.token, **fields}).location

    def call(self, path, body=None):
        """Call the API."""
        headers = {**OURS, "Authorization": f"Bearer {self.bearer}"}
        return self.browser.post(f"/s/tiny/{path}", json=body, headers=headers)

    def open(self):
        """Open the visit in this window."""
        opened = self.call("visit")
        self.bearer = (opened.json or {}).get("bearer", "")
        return opened

    def answer(self, trial, uuid=None):
        """Answer a trial."""
        moment = datetime.now(UTC).isoformat()
        body = {"uuid": uuid or str(uuid4()), "trial": trial, "response": "left", "rt_ms": 700.0, "shown_at": moment}
        return self.call("answers", body)


def whole(client):
    """Go the way to the trials, and open the visit."""
    client.form("start", external_id="")
    client.form("consent", decision="agree")
    client.form("device", facts=DEVICE)
    client.form("card", found=CARD)
    client.form("check", **{"answer-0": "2"})
    return client.open()


def count(database, *where):
    """Return how many answers are stored."""
    with database.reading() as db:
        return db.scalar(select(func.count(Answer.id)).where(*where))


def test_each_step_that_is_skipped_is_named(app, strict):
    """Opening the trials before consent, device, card or check is refused, with the step's name; then it opens."""
    client, told = Client(app), []
    client.form("start", external_id="")
    steps = [
        ("consent", {"decision": "agree"}),
        ("device", {"facts": DEVICE}),
        ("card", {"found": CARD}),
        ("check", {"answer-0": "2"}),
    ]
    for page, fields in steps:
        refused = client.open()
        told.append((refused.status_code, refused.mimetype, refused.json["type"], refused.json["detail"].split(",")[0]))
        client.form(page, **fields)

    names = ("consent", "device check", "card", "comprehension check")
    assert told == [(403, "application/problem+json", MISSING, f"Found no {name}") for name in names]
    assert client.open().status_code == 200


def test_a_form_that_skips_a_step_changes_nothing(app, strict):
    """Right answers to the check, or a card, before their turn lead back and are not counted."""
    client = Client(app)
    client.form("start", external_id="")
    client.form("consent", decision="agree")

    assert client.form("check", **{"answer-0": "2"}) == "/s/tiny/device"
    assert client.form("card", found=CARD) == "/s/tiny/device"
    client.form("device", facts=DEVICE)
    assert client.form("check", **{"answer-0": "2"}) == "/s/tiny/card"
    with strict.reading() as db:
        assert set(db.scalars(select(Audit.what).where(Audit.session_id.is_not(None)))) == {
            "start",
            "consent",
            "device",
        }


def test_the_device_of_one_visit_does_not_count_for_another(app, strict):
    """The next person at the same browser is looked at again."""
    client = Client(app)
    whole(client)
    client.form("leave", answers="erase")
    client.browser.get("/s/tiny")
    client.form("start", external_id="a" * 24)
    client.form("consent", decision="agree")

    assert "no device check" in client.open().json["detail"]


def test_no_block_is_answered_before_practice_and_the_blocks_before_it(app, strict):
    """Two practice trials, then blocks of four: an answer ahead of them is refused by name, and stored later."""
    client = Client(app)
    trials = whole(client).json["trials"]
    first = {block: next(t["index"] for t in trials if t["block"] == block) for block in (0, 1, 2)}
    ahead, later = str(uuid4()), str(uuid4())
    early = client.answer(first[1], ahead)
    assert (early.status_code, early.json["type"]) == (403, MISSING)
    assert "no practice" in early.json["detail"]
    for index in range(first[1]):
        assert client.answer(index).status_code == 200
    assert "no block 1" in client.answer(first[2], later).json["detail"]
    assert client.answer(first[1], ahead).status_code == 200
    for index in range(first[1] + 1, first[2]):
        client.answer(index)

    assert client.answer(first[2], later).status_code == 200
    assert count(strict, Answer.uuid.in_([ahead, later])) == 2


def test_within_a_block_answers_may_overtake_each_other(app, strict):
    """A page that is closed sends all that waits at once; none of it is refused for being early."""
    client = Client(app)
    trials = whole(client).json["trials"]
    for trial in reversed([t for t in trials if t["block"] == 0]):
        assert client.answer(trial["index"]).status_code == 200
    for trial in reversed([t for t in trials if t["block"] == 1]):
        assert client.answer(trial["index"]).status_code == 200

    assert count(strict) == sum(t["block"] < 2 for t in trials)


def test_a_card_of_no_size_is_refused(app, strict):
    """What is not the size of a card is not stored."""
    client = Client(app)
    client.form("start", external_id="")
    client.form("consent", decision="agree")
    client.form("device", facts=DEVICE)
    for found in ("", "{}", '{"width_px": -1, "pixels_per_mm": 3}', '{"width_px": 9e99, "pixels_per_mm": 3}'):
        sent = client.browser.post("/s/tiny/card", data={"form_token": client.token, "found": found})
        assert sent.status_code == 400
    assert client.form("card", decision="none") == "/s/tiny/instructions"


def test_images_are_sent_in_one_length_where_the_study_wants_it(app, database, tiny, tmp_path):
    """With pad_images every image of a visit has one length, although the files differ."""
    manifest = tiny.make_stimuli(tmp_path)
    for number, path in enumerate(sorted((tmp_path / "images").iterdir())):
        path.write_bytes(padded(path.read_bytes(), path.stat().st_size + number, "png"))
    with database.writing() as db:
        studies.create(db, tiny.study_file(pad_images=True), manifest, tmp_path)
    client = Client(app)
    client.form("start", external_id="")
    client.form("consent", decision="agree")
    client.form("device", facts=DEVICE)
    names = [name for trial in client.open().json["trials"] for name in trial["images"].values()]
    sizes = {len(client.browser.get(f"/s/tiny/i/{name}.png").data) for name in names}

    assert len(names) == 30
    assert len({path.stat().st_size for path in (tmp_path / "images").iterdir()}) > 1
    assert len(sizes) == 1


def test_a_device_of_a_kind_that_may_not_take_part_does_not_pass(app, database, tiny, stimuli_folder, manifest):
    """What the page refuses the server refuses, too."""
    with database.writing() as db:
        studies.create(db, tiny.study_file(devices=["tablet"]), manifest, stimuli_folder)
    client = Client(app)
    client.form("start", external_id="")
    client.form("consent", decision="agree")
    sent = client.browser.post("/s/tiny/device", data={"form_token": client.token, "facts": DEVICE})

    assert sent.status_code == 403
    assert "no device check" in client.open().json["detail"]

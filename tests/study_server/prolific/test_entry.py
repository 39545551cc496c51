"""Who arrives: the parameters of the address, and Prolific's signature on them."""

import time

import pytest
from sqlalchemy import func, select

from prolific_config.entry import PARAMETER
from study_server.app import create_app
from study_server.models import Identity, Session
from study_server.prolific.tables import EntryToken
from study_server.settings import Settings

HERE = "http://localhost/s/tiny"


@pytest.fixture
def app(stage):
    """A server of the stage."""
    made = create_app(Settings("signs in the tests only", stage.database.url))
    yield made
    made.extensions["budgetfusion"].database.close()


@pytest.fixture
def link(stage):
    """The address with which Prolific sends somebody; `changes` forge its claims."""

    def make(token=True, issued_at=None, **changes):
        key = stage.take()
        person = stage.world.submission(key)["participant"]
        url = f"{HERE}?PROLIFIC_PID={person}&STUDY_ID={stage.study_id}&SESSION_ID={key}"
        signed = stage.prolific.signer.token(url, issued_at, **changes)
        return key, person, f"{url}&{PARAMETER}={signed}" if token else url

    return make


def opens(app, url):
    """Open an address in a new browser; return the browser and the status."""
    client = app.test_client()
    return client, client.get(url).status_code


def starts(client, url=HERE):
    """Start as the landing page does; return the status."""
    page = client.get(url).text
    fields = ("form_token", "external_id", "submission_id")
    form = {name: page.partition(f'name="{name}" value="')[2].partition('"')[0] for name in fields}
    return client.post("/s/tiny/start", data=form).status_code


def who_came(stage):
    """Return the external ids of those who have a visit."""
    with stage.database.reading() as db:
        return list(db.scalars(select(Identity.external_id).order_by(Identity.id)))


def test_without_tokens_the_address_says_who_comes(stage, app, link) -> None:
    """And with which submission, which is the visit's from then on."""
    key, person, url = link(token=False)
    client, status = opens(app, url)

    assert (status, starts(client, url)) == (200, 303)
    assert who_came(stage) == [person]
    with stage.database.reading() as db:
        assert stage.row(key).session_id == db.scalar(select(Session.id))


def test_a_damaged_submissions_id_keeps_nobody_out(stage, app, link) -> None:
    """The reconciler finds the visit by the participant's id."""
    key, _, url = link(token=False)
    client, _ = opens(app, url.replace(key, "damaged"))

    assert starts(client, url.replace(key, "damaged")) == 303
    stage.reconcile()
    assert stage.row(key).session_id is not None


def test_a_required_token_lets_its_person_in(stage, app, link) -> None:
    """What it says counts, whatever the form says."""
    stage.say(entry_token="required")  # noqa: S106 - a mode, no secret
    key, person, url = link()
    client, status = opens(app, url)
    page = client.get(url).text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "external_id": "f" * 24, "submission_id": "f" * 24}

    assert (status, client.post("/s/tiny/start", data=form).status_code) == (200, 303)
    assert who_came(stage) == [person]
    assert stage.row(key).session_id is not None


@pytest.mark.parametrize("kind", ["absent", "forged", "stale", "of another address", "of another person"])
def test_without_a_good_token_nobody_comes_in(stage, app, link, kind) -> None:
    """Neither the page nor the start of a visit opens."""
    stage.say(entry_token="required")  # noqa: S106
    urls = {
        "absent": lambda: link(token=False)[2],
        "forged": lambda: link()[2][:-6] + "AAAAAA",
        "stale": lambda: link(issued_at=time.time() - 300)[2],
        "of another address": lambda: link(aud="https://other.example/s/tiny")[2],
        "of another person": lambda: link(sub="f" * 24)[2],
    }
    url = urls[kind]()
    client, status = opens(app, url)
    page = client.get(f"{HERE}?pass=x").text  # it has a form, and its link opens nothing else
    token = page.partition('name="form_token" value="')[2].partition('"')[0]

    assert status == 403
    assert client.post("/s/tiny/start", data={"form_token": token, "external_id": "f" * 24}).status_code == 403
    assert who_came(stage) == []


def test_a_reload_after_the_token_has_run_out_goes_on(stage, app, link, monkeypatch) -> None:
    """A landing page may be read slowly; the cookie remembers what the token said."""
    stage.say(entry_token="required")  # noqa: S106
    _, person, url = link()
    client, _ = opens(app, url)
    now = time.time()
    monkeypatch.setattr("study_server.prolific.entry.time.time", lambda: now + 600)

    assert client.get(url).status_code == 200
    assert client.get(HERE).status_code == 200
    assert starts(client, url) == 303
    assert starts(client, url) == 303
    assert who_came(stage) == [person]


def test_a_used_token_opens_nothing_in_another_browser(stage, app, link) -> None:
    """Whoever saw the address cannot take the visit over with it."""
    stage.say(entry_token="required")  # noqa: S106
    _, _, url = link()
    first, second = opens(app, url)[0], opens(app, url)[0]

    assert starts(first, url) == 303
    assert starts(second, url) == 403
    with stage.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(EntryToken)) == 1


def test_an_optional_token_is_checked_where_it_is(stage, app, link) -> None:
    """Without one people come in; with a bad one they do not."""
    stage.say(entry_token="verify-if-present")  # noqa: S106
    _, with_token, good = link()
    _, without, bare = link(token=False)
    for url in (good, bare):
        assert starts(opens(app, url)[0], url) == 303

    assert opens(app, link()[2][:-6] + "AAAAAA")[1] == 403
    assert who_came(stage) == [with_token, without]


def test_our_own_links_need_no_token_of_prolific(stage, app) -> None:
    """A preview is not an arrival."""
    from study_server.tokens import sign_pass

    stage.say(entry_token="required")  # noqa: S106
    entry = sign_pass("signs in the tests only", "tiny", "preview")

    assert opens(app, f"{HERE}?pass={entry}")[1] == 200


def test_without_prolifics_keys_the_page_asks_for_patience(stage, app, link, monkeypatch) -> None:
    """Nobody is let in unseen, and nobody is told that the fault is theirs."""
    stage.say(entry_token="required")  # noqa: S106
    monkeypatch.setenv("PROLIFIC_URL", "http://127.0.0.1:9")

    assert opens(app, link()[2])[1] == 503

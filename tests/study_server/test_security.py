"""What no stranger gets: headers on every route, tokens that open nothing, forms and calls from elsewhere."""

import json
import re
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from sqlalchemy import func, select

from study_server import accounts
from study_server.app import create_app
from study_server.errors import UnsafeProductionError
from study_server.ledger import Audit, Event
from study_server.models import Answer, Session
from study_server.production import file_system
from study_server.settings import Settings
from study_server.simulate import DEVICE
from study_server.tokens import sign_desk_key, sign_pass

SIGNING = "signs in the tests only"
OURS = {"Origin": "http://localhost"}
TABLES = (Answer, Event, Session, Audit)


def enter(app, study="tiny"):
    """Let somebody come, agree and open the visit; return the browser and the bearer."""
    client = app.test_client()
    page = client.get(f"/s/{study}").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    client.post(f"/s/{study}/start", data={"form_token": token, "external_id": uuid4().hex[:24]})
    client.post(f"/s/{study}/consent", data={"form_token": token, "decision": "agree"})
    client.post(f"/s/{study}/device", data={"form_token": token, "facts": DEVICE})
    return client, client.post(f"/s/{study}/visit", headers=OURS).json["bearer"]


def answer(trial=0):
    """Return an answer as the page sends it."""
    body = {"uuid": str(uuid4()), "trial": trial, "response": "left", "rt_ms": 5, "shown_at": "2026-01-01T00:00:00Z"}
    return json.dumps(body)


def rows(database):
    """Return how many rows the tables have that a visit writes to."""
    with database.reading() as db:
        return [db.scalar(select(func.count()).select_from(table)) for table in TABLES]


def addresses(app):
    """Return a working address for every route, static files and errors included."""
    values = {"name": "tiny", "token": "0" * 32, "suffix": "csv", "filename": "trial.js", "plot": "arrivals"}
    values |= {"pseudonym": "P-0001", "sha256": "0" * 64, "external_id": "5" * 24, "bonus_id": "1", "batch_id": "1"}
    found = []
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            path = re.sub(rf"<([a-z]+:)?{argument}>", values[argument], path)
        found += [(method, path) for method in sorted(rule.methods - {"OPTIONS"})]
    return [*found, ("GET", "/nowhere"), ("POST", "/nowhere"), ("DELETE", "/s/tiny"), ("GET", "/s/TINY%00")]


def test_every_route_carries_the_security_headers(app):
    """Pages, JSON, images, static files and errors alike, to strangers, participants and the desk."""
    visitor, _ = enter(app)
    owner = app.test_client()
    owner.get("/desk", query_string={"key": sign_desk_key(SIGNING)})
    for client in (app.test_client(), visitor, owner):
        for method, path in addresses(app):
            with client.open(path, method=method, headers=OURS) as response:
                headers, status = response.headers, response.status_code
            assert status < 500, (method, path, status)
            assert headers["Content-Security-Policy"].startswith("default-src 'self'")
            assert "unsafe-inline" not in headers["Content-Security-Policy"]
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["X-Frame-Options"] == "DENY"
            assert "Cache-Control" in headers
            assert "Strict-Transport-Security" not in headers


def test_behind_tls_cookies_and_transport_are_strict(created):
    """With HTTPS in front, HSTS is sent and cookies are Secure, HttpOnly, SameSite and bound to the host."""
    app = create_app(Settings(SIGNING, created.url, secure_cookies=True))
    response = app.test_client().get("/s/tiny", base_url="https://study.example")
    app.extensions["budgetfusion"].database.close()

    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    for word in ("__Host-visit=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in response.headers["Set-Cookie"]


@pytest.mark.parametrize("kind", ["none", "empty", "forged", "foreign", "replayed", "cookie", "ended"])
def test_a_token_that_is_not_this_windows_reads_and_writes_nothing(app, created, kind):
    """Forged, foreign, replayed and ended bearers are refused alike, and no row is added or changed by them."""
    client, bearer = enter(app)
    if kind == "replayed":
        client.post("/s/tiny/visit", headers=OURS)  # the visit goes on in another window
    if kind == "ended":
        client.post("/s/tiny/withdrawal", json={}, headers={**OURS, "Authorization": f"Bearer {bearer}"})
    with created.reading() as db:
        cookie = db.scalar(select(Session.token))
    shown = {
        "none": None,
        "empty": "Bearer ",
        "forged": "Bearer " + "A" * len(bearer),
        "foreign": f"Bearer {sign_pass(SIGNING, 'tiny', 'bot')}",
        "replayed": f"Bearer {bearer}",
        "cookie": f"Bearer {cookie}",
        "ended": f"Bearer {bearer}",
    }[kind]
    before = rows(created)
    headers = {**OURS, **({"Authorization": shown} if shown is not None else {})}
    events = {"events": [{"uuid": str(uuid4()), "kind": "loaded", "happened_at": "2026-01-01T00:00:00Z"}]}
    told = [
        client.post("/s/tiny/answers", data=answer(), headers=headers),
        client.post("/s/tiny/events", json=events, headers=headers),
        client.post("/s/tiny/completion", headers=headers),
        client.post("/s/tiny/withdrawal", json={"erase": True}, headers=headers),
    ]

    assert [response.status_code for response in told] == [401] * 4
    assert {response.mimetype for response in told} == {"application/problem+json"}
    assert before == rows(created)


def test_a_bearer_of_one_study_opens_no_other(app, created, tiny, manifest, stimuli_folder):
    """A visit belongs to its study."""
    from study_server import studies

    other = tiny.study_file().model_copy(update={"study": tiny.study_file().study.model_copy(update={"name": "other"})})
    with created.writing() as db:
        studies.create(db, other, manifest.model_copy(update={"study": "other"}), stimuli_folder)
    client, bearer = enter(app)
    refused = client.post("/s/other/answers", data=answer(), headers={**OURS, "Authorization": f"Bearer {bearer}"})

    assert refused.status_code == 401
    assert rows(created)[0] == 0


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://localhost.evil.example"])
def test_calls_from_other_origins_are_refused(app, created, origin):
    """With the right cookie and bearer, a page of somebody else opens nothing and answers nothing."""
    client, bearer = enter(app)
    before = rows(created)
    headers = {"Authorization": f"Bearer {bearer}", **({"Origin": origin} if origin else {})}
    told = [
        client.post("/s/tiny/visit", headers=headers),
        client.post("/s/tiny/answers", data=answer(), headers=headers),
        client.post("/s/tiny/withdrawal", json={}, headers=headers),
    ]

    assert [response.status_code for response in told] == [403] * 3
    assert before == rows(created)


def test_no_get_changes_anything(app, created):
    """Every address read as a stranger, a participant and at the desk leaves the tables as they were."""
    visitor, _ = enter(app)
    desk = app.test_client()
    desk.get("/desk", query_string={"key": sign_desk_key(SIGNING)})
    before = rows(created)
    for client in (app.test_client(), visitor, desk):
        for method, path in addresses(app):
            if method == "GET":
                with client.get(path):
                    pass

    assert before == rows(created)


def test_an_oversized_body_is_refused(app):
    """More than 64 KiB is not read."""
    client, bearer = enter(app)
    headers = {**OURS, "Authorization": f"Bearer {bearer}"}

    assert client.post("/s/tiny/answers", data=b"x" * 100_000, headers=headers).status_code == 413


def test_who_guesses_passwords_is_slowed_down_and_a_shared_address_is_not(app, created):
    """Ten logins a minute from one address; three hundred arrivals from one address go through."""
    created.write(lambda db: accounts.add(db, "anna", "owner", "a long password", has_totp=False))
    client = app.test_client()
    page = client.get("/desk/login").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "name": "nobody", "password": "guess"}
    guesses = [client.post("/desk/login", data=form).status_code for _ in range(12)]

    assert guesses == [403] * 10 + [429] * 2
    assert {app.test_client().get("/s/tiny").status_code for _ in range(300)} == {200}


def test_who_is_refused_too_often_is_slowed_down(app):
    """A flood of answers under one bearer that opens nothing ends in 429; good answers are not counted."""
    client, bearer = enter(app)
    bad = {**OURS, "Authorization": "Bearer nothing"}
    told = [client.post("/s/tiny/answers", data=answer(), headers=bad).status_code for _ in range(125)]
    good = {**OURS, "Authorization": f"Bearer {bearer}"}

    assert (told[0], told[-1]) == (401, 429)
    assert client.post("/s/tiny/answers", data=answer(), headers=good).status_code == 200


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"secret_key": "secret"}, "SECRET_KEY can be guessed"),
        ({"secret_key": "x" * 64}, "SECRET_KEY can be guessed"),
        ({"secure_cookies": False}, "SECURE_COOKIES is not 1"),
        ({"database_url": "sqlite://"}, "forgets"),
    ],
)
def test_production_refuses_what_loses_data_or_lets_strangers_in(changes, fault):
    """Each fault is named before anything is opened."""
    good = {"secret_key": uuid4().hex * 2, "database_url": "postgresql+psycopg://x", "secure_cookies": True}
    with pytest.raises(UnsafeProductionError, match=fault):
        create_app(Settings(**{**good, **changes}, is_production=True))


def test_debugging_is_no_production(monkeypatch):
    """FLASK_DEBUG stops a production server."""
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(UnsafeProductionError, match="debugging is on"):
        create_app(Settings(uuid4().hex * 2, "postgresql+psycopg://x", secure_cookies=True, is_production=True))


def test_the_file_system_of_a_path_is_the_one_mounted_nearest(tmp_path):
    """The longest mount point above the path decides."""
    from pathlib import Path

    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/a / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/b /run/my\\040disk xfs rw 0 0\n")

    assert file_system(Path("/home/study.db"), mounts) == "ext4"
    assert file_system(Path("/run/study.db"), mounts) == "tmpfs"
    assert file_system(Path("/run/my disk/study.db"), mounts) == "xfs"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("may", [False, True], ids=["stranger", "somebody who may"])
def test_whatever_is_called_is_no_error_of_the_server(app, mode, may):
    """Schemathesis calls every operation of the served OpenAPI with good or bad input: no answer is a 5xx."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    client, bearer = enter(app)
    desk = app.test_client()
    desk.get("/desk", query_string={"key": sign_desk_key(SIGNING)})
    cookies = {"s": client.get_cookie("visit").value, "desk": desk.get_cookie("visit").value}
    called = set()

    def call(case):
        if may:
            case.headers = {**(case.headers or {}), **OURS, "Authorization": f"Bearer {bearer}"}
            case.cookies = {**(case.cookies or {}), "visit": cookies.get(case.path.split("/")[1], "")}
            case.path_parameters = {**(case.path_parameters or {}), "name": "tiny"}
        response = case.call()
        called.add(case.path)
        assert response.status_code < 500, (case.as_curl_command(), response.text)

    few = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    for operation in schema.get_all_operations():
        try:
            few(given(case=operation.ok().as_strategy(generation_mode=mode))(call))()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # nothing in this call can be wrong
            called.add(operation.ok().path)

    assert called == set(schema.raw_schema["paths"])

"""The desk: closed to strangers, readable, read-only, and silent about results."""

import csv
import io
import re

import pyotp
import pytest
from sqlalchemy import select

from stimuli.manifest import CHOICE_COLUMNS
from study_server import accounts
from study_server.app import create_app
from study_server.errors import AccountError, MissingSettingError, SettingError
from study_server.ledger import Audit
from study_server.settings import Settings, from_environment
from study_server.tokens import sign_desk_key

SIGNING = "signs in the tests only"


PASSWORD = "open sesame twice"  # noqa: S105 - of the tests only


@pytest.fixture
def client(app):
    """A browser at the desk, logged in by a signed link."""
    client = app.test_client()
    client.get("/desk", query_string={"key": sign_desk_key(SIGNING)})
    return client


@pytest.fixture
def people(created):
    """One account of each role, without a one-time code."""
    for role in ("viewer", "experimenter", "owner"):
        created.write(lambda db, role=role: accounts.add(db, role, role, PASSWORD, has_totp=False))


def send(client, path, page="/desk/login", **fields):
    """Send a form of the desk with its token."""
    token = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    return client.post(path, data={"form_token": token.group(1) if token else "", **fields})


def enter(app, name, password=PASSWORD, **fields):
    """Log in; return the browser and the response."""
    client = app.test_client()
    return client, send(client, "/desk/login", name=name, password=password, **fields)


def test_the_desk_is_closed_to_strangers(app, people):
    """Without login, every page of the desk leads to the login; a wrong key, name or password does not open it."""
    for path in ("/desk", "/desk/tiny", "/desk/tiny/choices.csv", "/desk/tiny?key=forged"):
        assert app.test_client().get(path).location == "/desk/login"
    assert enter(app, "owner", "guess")[1].status_code == 403
    assert enter(app, "nobody", PASSWORD)[1].status_code == 403


def test_the_password_opens_the_desk(app, people):
    """With the right name and password the studies are listed."""
    client, answered = enter(app, "viewer")

    assert answered.location == "/desk"
    assert "tiny" in client.get("/desk").text


def test_passwords_are_stored_as_argon2(created, people):
    """The database holds no password, and a short one is refused."""
    with created.reading() as db:
        assert all(account.password_hash.startswith("$argon2id$") for account in accounts.every(db))
    with pytest.raises(AccountError, match="a password of 5 characters, expected 10 or more"):
        created.write(lambda db: accounts.add(db, "x", "viewer", "short", has_totp=False))


def test_a_one_time_code_is_asked_for_and_good_for_one_time(app, created):
    """With a second factor, the password alone does not open the desk, and a code that was used opens it no more."""
    uri = created.write(lambda db: accounts.add(db, "anna", "owner", PASSWORD, has_totp=True))
    totp = pyotp.parse_uri(uri).now()

    assert enter(app, "anna")[1].status_code == 403
    assert enter(app, "anna", totp="000000")[1].status_code == 403
    assert enter(app, "anna", totp=totp)[1].location == "/desk"
    assert enter(app, "anna", totp=totp)[1].status_code == 403


def test_a_removed_account_is_out_at_once(app, created, people):
    """Removal works for who is in already."""
    client, _ = enter(app, "owner")
    created.write(lambda db: accounts.remove(db, "owner"))

    assert client.get("/desk").location == "/desk/login"


@pytest.mark.parametrize(
    ("role", "wish", "status"),
    [
        ("viewer", "pause", 403),
        ("experimenter", "pause", 303),
        ("experimenter", "close", 403),
        ("owner", "close", 303),
        ("owner", "burn", 400),
    ],
)
def test_a_role_may_do_what_it_may(app, created, people, role, wish, status):
    """Viewers see, experimenters pause, owners close; what was done is recorded with who did it."""
    client, _ = enter(app, role)
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/desk/login").text).group(1)
    answered = client.post("/desk/tiny/state", data={"form_token": token, "wish": wish, "typed": "tiny"})

    assert answered.status_code == status
    with created.reading() as db:
        done = db.scalar(select(Audit.actor).where(Audit.what == wish, Audit.session_id.is_(None)))
    assert done == (role if status == 303 else None)


def test_a_viewer_downloads_no_choices(app, people):
    """Exports are for experimenters."""
    assert enter(app, "viewer")[0].get("/desk/tiny/choices.csv").status_code == 403
    assert enter(app, "experimenter")[0].get("/desk/tiny/choices.csv").status_code == 200


def test_programs_ask_the_desk_too(app, people):
    """The API tells the state in numbers to who is logged in, and changes it for calls from our own origin only."""
    assert app.test_client().get("/desk/api/studies").status_code == 401
    client, _ = enter(app, "experimenter")
    ours, wish = {"Origin": "http://localhost"}, {"wish": "pause"}

    assert client.get("/desk/api/studies").json == {"studies": ["tiny"]}
    assert client.post("/desk/api/studies/tiny/state", json=wish).status_code == 403
    assert client.post("/desk/api/studies/tiny/state", json=wish, headers=ours).json == {"changed": True}
    assert client.post("/desk/api/studies/tiny/state", json={"wish": "burn"}, headers=ours).status_code == 422
    shown = client.get("/desk/api/studies/tiny").json
    assert (shown["state"], shown["because"], shown["places"]) == ("paused", "paused by experimenter", 6)


def test_a_desk_without_accounts_says_how_to_open_it(app):
    """No account means closed, and the page says what to do."""
    assert "budgetfusion study account add" in app.test_client().get("/desk/login").text
    assert app.test_client().post("/desk/login", data={"password": ""}).status_code == 400


def test_a_signed_link_leaves_no_key_in_the_address(app):
    """The key is exchanged for a cookie, so that it is not in the history."""
    response = app.test_client().get("/desk/tiny", query_string={"key": sign_desk_key(SIGNING)})

    assert (response.status_code, response.location) == (303, "/desk/tiny")


def test_an_empty_study_says_what_to_do_first(client):
    """Before anybody came, the desk gives the link and the rehearsal command."""
    page = client.get("/desk/tiny").text

    assert "Nobody has come yet" in page
    assert "budgetfusion study simulate tiny" in page


def test_the_desk_never_shows_results(client):
    """The pages count people, not choices, and say when that will change."""
    assert "hidden until the study is closed" in client.get("/desk/tiny").text
    assert "Hidden until the study is closed" in client.get("/desk/tiny/data").text


def test_the_export_button_gives_the_columns_of_the_contract(client):
    """The CSV has exactly the columns of a choice, in their order."""
    response = client.get("/desk/tiny/choices.csv")

    assert next(csv.reader(io.StringIO(response.text))) == list(CHOICE_COLUMNS)
    assert client.get("/desk/tiny/choices.xls").status_code == 404


def test_a_secret_has_no_default(created):
    """Without SECRET_KEY there is no server, and the message says what to set."""
    with pytest.raises(MissingSettingError, match=r"SECRET_KEY is not set.*export SECRET_KEY"):
        from_environment({})
    with pytest.raises(MissingSettingError, match="SECRET_KEY"):
        create_app(Settings("", created.url))


def test_settings_come_from_the_environment():
    """Each setting has its variable."""
    found = from_environment(
        {
            "SECRET_KEY": "k",
            "DATABASE_URL": "sqlite:///x.db",
            "SECURE_COOKIES": "1",
            "PRODUCTION": "1",
            "METRICS_TOKEN": "m",
            "IMAGES_URL": "memory://images",
            "IMAGES_OFFLOAD": "x-accel-redirect:/images",
            "PROXIES": "1",
            "MIN_FREE_MB": "5",
        }
    )

    assert found == Settings(
        "k",
        "sqlite:///x.db",
        secure_cookies=True,
        is_production=True,
        **{"metrics_token": "m"},
        images_url="memory://images",
        images_offload="x-accel-redirect:/images",
        proxies=1,
        min_free_mb=5,
    )


@pytest.mark.parametrize(("name", "value"), [("PROXIES", "one"), ("IMAGES_OFFLOAD", "somehow"), ("MIN_FREE_MB", "-1")])
def test_a_setting_without_meaning_is_named(name, value):
    """A variable that cannot be understood stops the start."""
    with pytest.raises(SettingError, match=f"{name}: found '{value}'"):
        from_environment({"SECRET_KEY": "k", name: value})


def test_a_report_folder_is_served_beside_the_study(created, tmp_path):
    """With a report folder, /report/ shows its index.html and nothing outside the folder."""
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("the report")
    (tmp_path / "outside.txt").write_text("private")
    app = create_app(Settings(SIGNING, created.url, report=tmp_path / "report"))
    client = app.test_client()

    with client.get("/report/") as found, client.get("/report/../outside.txt") as outside:
        assert (found.text, outside.status_code) == ("the report", 404)
    app.extensions["budgetfusion"].database.close()

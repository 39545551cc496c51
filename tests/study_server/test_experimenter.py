"""The desk: closed to strangers, readable, read-only, and silent about results."""

import csv
import io
import re

import pytest

from stimuli.manifest import CHOICE_COLUMNS
from study_server.app import create_app
from study_server.errors import MissingSettingError
from study_server.settings import Settings, from_environment
from study_server.tokens import sign_desk_key

SIGNING = "signs in the tests only"


@pytest.fixture
def client(app):
    """A browser at the desk, logged in by a signed link."""
    client = app.test_client()
    client.get("/desk", query_string={"key": sign_desk_key(SIGNING)})
    return client


def log_in(client, password):
    """Send the login form."""
    token = re.search(r'name="form_token" value="([^"]+)"', client.get("/desk/login").text).group(1)
    return client.post("/desk/login", data={"form_token": token, "password": password})


def test_the_desk_is_closed_to_strangers(app):
    """Without login, every page of the desk leads to the login; a wrong key or password does not open it."""
    for path in ("/desk", "/desk/tiny", "/desk/tiny/choices.csv", "/desk/tiny?key=forged"):
        assert app.test_client().get(path).location == "/desk/login"
    assert log_in(app.test_client(), "guess").status_code == 403


def test_the_password_opens_the_desk(app):
    """With the right password the studies are listed."""
    client = app.test_client()

    assert log_in(client, "open sesame").location == "/desk"
    assert "tiny" in client.get("/desk").text


def test_a_desk_without_a_password_says_how_to_open_it(created):
    """No password means closed, and the page says what to do."""
    app = create_app(Settings(SIGNING, created.url))

    assert "DESK_PASSWORD" in app.test_client().get("/desk/login").text
    assert log_in_without_form(app).status_code in (400, 403)
    app.extensions["budgetfusion"].database.close()


def log_in_without_form(app):
    """Send a login that no form was shown for."""
    return app.test_client().post("/desk/login", data={"password": ""})


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
    """The page counts people, not choices."""
    assert "Choices by condition are not shown here" in client.get("/desk/tiny").text


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
        {"SECRET_KEY": "k", "DATABASE_URL": "sqlite:///x.db", "DESK_PASSWORD": "p", "SECURE_COOKIES": "1"}
    )

    assert found == Settings("k", "sqlite:///x.db", **{"desk_password": "p"}, secure_cookies=True)


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

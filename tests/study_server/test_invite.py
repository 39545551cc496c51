"""Links to a trial run: rows of their own, and no place of the live study."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from study_server.cli import study
from study_server.errors import UnknownStudyError
from study_server.models import Participant, Slot

SIGNING = "signs in the tests only"


def invite(created, monkeypatch, *words):
    """Type the command; return what it prints or raises."""
    monkeypatch.setenv("SECRET_KEY", SIGNING)
    done = CliRunner().invoke(study, ["invite", *words, "--database", created.url], catch_exceptions=True)
    if done.exception:
        raise done.exception
    return done.output.strip()


def test_an_invited_person_is_a_pilot_and_takes_no_live_place(app, created, monkeypatch):
    """The printed link leads to the landing page, and its visit is counted apart."""
    link = invite(created, monkeypatch, "tiny", "--url", "http://localhost")
    browser = app.test_client()
    page = browser.get(link.removeprefix("http://localhost")).text
    fields = dict.fromkeys(("form_token", "pass"), "")
    for name in fields:
        fields[name] = page.partition(f'name="{name}" value="')[2].partition('"')[0]
    assert browser.post("/s/tiny/start", data={**fields, "external_id": ""}).location == "/s/tiny/consent"

    with created.reading() as db:
        assert db.scalar(select(Participant.mode)) == "pilot"
        assert set(db.scalars(select(Slot.state).where(Slot.mode == "live"))) == {"free"}


def test_an_unknown_study_invites_nobody(created, monkeypatch):
    """Its name is refused, and those that are known are said."""
    with pytest.raises(UnknownStudyError, match="tiny"):
        invite(created, monkeypatch, "other")

"""The tiny study, published to a Prolific of our own, and people who come by it."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "prolific_config"))  # `stand_in` is a package of those tests

from stand_in.description import Description
from stand_in.server import TOKEN, StandIn

from prolific_config.client import Client
from prolific_config.connection import Connection
from prolific_config.table import ProlificTable
from study_server import codes, sessions, studies
from study_server.app import create_app
from study_server.prolific import launching, reconciling, recruitment, submissions
from study_server.settings import Settings

SIGNING = "the workspace's"  # signs in the tests only
TABLE = {"name": "Tiny", "description": "Words.", "minutes": 15, "reward": "3.60", "currency": "GBP"}


@pytest.fixture(scope="session")
def own():
    """Our description of Prolific's interface."""
    return Description()


@pytest.fixture
def prolific(own, monkeypatch):
    """A stand-in that every request must have fitted; its clock is an hour behind ours, so all has happened already."""
    with StandIn([own]) as stand_in:
        stand_in.world.now = datetime.now(UTC) - timedelta(hours=1)
        stand_in.world.secret = SIGNING
        monkeypatch.setenv("PROLIFIC_TOKEN", TOKEN)
        monkeypatch.setenv("PROLIFIC_URL", stand_in.url)
        yield stand_in
    assert stand_in.violations == []


@pytest.fixture
def client(prolific):
    """A client of the stand-in that does not wait."""
    connection = Connection(TOKEN, prolific.url, sleep=lambda seconds: None)
    yield Client(connection)
    connection.close()


class Stage:
    """The tiny study on both sides."""

    def __init__(self, database, prolific, client, **table):
        self.database, self.prolific, self.client, self.world = database, prolific, client, prolific.world
        with database.reading() as db:
            self.material = studies.read_material(db, "tiny")
            self.codes = codes.codes(db, self.material.study_id)
        self.say(**table)
        self.parts = (database, client, self.material)
        typed = str(launching.propose(*self.parts, "https://lab.example").amount.decimal)
        self.study_id = launching.publish(*self.parts, "https://lab.example", typed, "anna").id

    def say(self, **table):
        """Let [prolific] say this."""
        wishes = ProlificTable.model_validate({**TABLE, **table})
        return self.database.write(lambda db: recruitment.keep(db, self.material, wishes))

    def take(self, status="ACTIVE", minutes=0.0, code=None):
        """Let somebody take a place on Prolific; return the submission's id."""
        return self.world.arrive(self.study_id, status, minutes, code)

    def arrive(self, submission_id):
        """Let the person of a submission come to us; return the visit."""

        def come(db):
            visit = sessions.start(db, self.material, "live", self.world.submission(submission_id)["participant"])
            submissions.arrive(db, visit, submission_id, self.world.now)
            return visit

        return self.database.write(come)

    def reconcile(self):
        """Reconcile, by Prolific's clock."""
        return reconciling.reconcile(*self.parts, now=self.world.now)

    def row(self, submission_id):
        """Return what is known of a submission."""
        with self.database.reading() as db:
            return {row.external_id: row for row in submissions.every(db, self.material)}.get(submission_id)


@pytest.fixture
def stage(created, prolific, client):
    """The tiny study on SQLite, published."""
    return Stage(created, prolific, client)


@pytest.fixture
def any_stage(any_created, prolific, client):
    """The same on each kind of database."""
    return Stage(any_created, prolific, client)


@pytest.fixture
def hooked(stage):
    """An app that takes the stage's webhooks, as a client of it."""
    app = create_app(Settings("signs in the tests only", stage.database.url, prolific_webhook_secret=SIGNING))
    yield app.test_client()
    app.extensions["budgetfusion"].database.close()

"""A driver of the use cases: what a person does, each step in its own transaction."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import func, select

from study_server import answers, sessions, studies
from study_server.models import Session
from study_server.plans import Plans
from study_server.submission import Submission


def submission(trial_index, response="left", uuid=None):
    """Return an answer as the page would send it."""
    return Submission(
        uuid=uuid or uuid4(), trial=trial_index, response=response, rt_ms=900.5, shown_at=datetime.now(UTC)
    )


class Desk:
    """Use cases on one database, each in its own transaction."""

    def __init__(self, database):
        self.database, self.plans = database, Plans()
        with database.reading() as db:
            self.material = studies.read_material(db, "tiny")

    def do(self, act, *arguments, **options):
        """Run a use case in a transaction."""
        return self.database.write(lambda db: act(db, *arguments, **options))

    def start(self, person=None, mode="live", now=None):
        """Let somebody come."""
        return self.do(sessions.start, self.material, mode, person, now=now)

    def with_row(self, act, visit, *arguments):
        """Run a use case on a visit as it is stored."""

        def work(db):
            stored = db.get_one(Session, visit.id)
            found = act(db, stored, *arguments)
            db.flush()
            return found if found is not None else stored

        return self.database.write(work)

    def enter(self, person=None, now=None):
        """Let somebody come and agree; return the visit and its bearer."""
        visit = self.start(person, now=now)
        self.do(lambda db: sessions.agree(db, self.material, db.get_one(Session, visit.id)))
        return visit, self.with_row(sessions.hand_over, visit)

    def answer(self, bearer, trial_index, response="left", uuid=None):
        """Send an answer."""
        sent = submission(trial_index, response, uuid)
        hashed = sessions.bearer_sha256(bearer)
        return answers.store(self.database, self.plans, self.material.study_id, hashed, sent)

    def complete(self, visit, bearer, now=None):
        """Answer everything and finish."""
        for index in range(10):
            self.answer(bearer, index)
        return self.with_row(sessions.finish, visit, now)

    def count(self, table, *where):
        """Return how many rows there are."""
        with self.database.reading() as db:
            return db.scalar(select(func.count()).select_from(table).where(*where))

"""Verified events, on both databases, from several workers at once."""

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from prolific_config.models import RETURNED
from prolific_config.webhooks import Event, Payload
from study_server.models import Lease
from study_server.prolific import events
from study_server.prolific.tables import Webhook


def together(*acts):
    """Do things at the same moment; return what each returned."""
    gate, found = threading.Barrier(len(acts)), []

    def run(act):
        gate.wait()
        found.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def event(submission_id, name, status=RETURNED):
    """Return an event of this moment."""
    payload = Payload(event_type=events.STATUS_CHANGED, resource_id=submission_id, status=status)
    return Event(id=name, happened_at=datetime.now(UTC), payload=payload)


def test_an_event_that_several_workers_get_at_once_is_acted_on_once(any_stage) -> None:
    """The others find that it came before; the place is given back once."""
    key = any_stage.take()
    visit = any_stage.arrive(key)
    one, now = event(key, "e1"), datetime.now(UTC)
    receive = lambda: any_stage.database.write(lambda db: events.receive(db, one, "signed", now))  # noqa: E731
    found = together(*[receive] * 4)

    assert sorted(found) == ["acted", "again", "again", "again"]
    with any_stage.database.reading() as db:
        assert list(db.scalars(select(Lease.ended).where(Lease.session_id == visit.id))) == ["returned"]


def test_people_who_arrive_while_their_events_come_are_not_lost(any_stage) -> None:
    """Whichever is first, in the end the submission has its visit and its newest status."""
    keys = [any_stage.take() for _ in range(4)]
    now = datetime.now(UTC)

    def hear(key):
        return lambda: any_stage.database.write(lambda db: events.receive(db, event(key, f"e-{key}"), key, now))

    together(*[hear(key) for key in keys], *[lambda key=key: any_stage.arrive(key) for key in keys])
    any_stage.reconcile()
    rows = [any_stage.row(key) for key in keys]

    assert {row.status for row in rows} == {RETURNED}
    assert all(row.session_id is not None for row in rows)


def test_events_of_other_studies_are_forgotten_after_two_days(stage) -> None:
    """A workspace sends those of all its studies; ours stay."""
    key, now = stage.take(), datetime.now(UTC)
    stage.reconcile()
    for name, resource in (("ours", key), ("theirs", "f" * 24)):
        stage.database.write(lambda db, n=name, r=resource: events.receive(db, event(r, n), n, now))
    early = stage.database.write(lambda db: events.prune(db, now + timedelta(days=1)))
    late = stage.database.write(lambda db: events.prune(db, now + timedelta(days=3)))

    assert (early, late) == (0, 1)
    with stage.database.reading() as db:
        assert list(db.scalars(select(Webhook.event_id))) == ["ours"]

"""`/prolific/webhook`: what Prolific signed is kept and acted on once, and nothing else is."""

import time
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from stand_in.signing import Delivery, delivery

from prolific_config.models import AWAITING_REVIEW, RETURNED
from study_server.ledger import Audit
from study_server.prolific.refusals import EVERY_S, Tally
from study_server.prolific.tables import Webhook

SIGNING = "the workspace's"


def send(client, one):
    """Post a webhook; return the status."""
    return client.post("/prolific/webhook", data=one.body, headers=one.headers).status_code


def kept(stage):
    """Return how many events are kept."""
    with stage.database.reading() as db:
        return db.scalar(select(func.count()).select_from(Webhook))


def spoilt(kind, good):
    """Return a webhook that is not Prolific's."""
    payload = {"resource_id": "5" * 24, "event_type": "submission.status.change", "status": "FORGED"}
    now, new = time.time(), uuid4().hex
    return {
        "another secret": delivery("guessed", new, now, payload, now),
        "no secret": delivery("", new, now, payload, now),
        "another body": Delivery(good.headers, good.body.replace(b"ACTIVE", b"APPROVED")),
        "no signature": Delivery({"X-Event-ID": new, "X-Timestamp": f"{now}"}, good.body),
        "another time": Delivery({**good.headers, "X-Prolific-Request-Timestamp": f"{now - 9:.0f}"}, good.body),
        "stale": delivery(SIGNING, new, now, payload, now - 400),
        "of the future": delivery(SIGNING, new, now + 1000, payload, now),
        "no id": delivery(SIGNING, "", now, payload, now),
        "a long id": delivery(SIGNING, "x" * 81, now, payload, now),
        "a long status": delivery(SIGNING, new, now, {**payload, "status": "x" * 31}, now),
        "no resource": delivery(SIGNING, new, now, {"event_type": "x"}, now),
        "no JSON": delivery(SIGNING, new, now, "nothing", now),
    }[kind]


KINDS = (
    "another secret",
    "no secret",
    "another body",
    "no signature",
    "another time",
    "stale",
    "of the future",
    "no id",
    "a long id",
    "a long status",
    "no resource",
    "no JSON",
)


def test_a_signed_event_is_acted_on(stage, hooked) -> None:
    """Its status is known after the answer, which has no content."""
    key = stage.take()
    stage.arrive(key)
    stage.world.move(key, AWAITING_REVIEW)

    assert [send(hooked, one) for one in stage.prolific.deliveries()] == [204, 204]
    assert stage.row(key).status == AWAITING_REVIEW


def test_events_in_the_wrong_order_and_twice_end_in_the_newest(stage, hooked) -> None:
    """And the place of who returned is free."""
    key = stage.take()
    stage.arrive(key)
    stage.world.move(key, RETURNED)
    first, second = stage.prolific.deliveries()

    assert [send(hooked, one) for one in (second, first, second, first)] == [204] * 4
    assert stage.row(key).status == RETURNED
    assert kept(stage) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_prolific_did_not_send_changes_nothing(stage, hooked, kind) -> None:
    """It is refused with 401, as a problem, and written into the desk's chain."""
    key = stage.take()
    stage.arrive(key)
    before = stage.row(key).status_at
    bad = spoilt(kind, stage.prolific.deliveries()[0])
    answer = hooked.post("/prolific/webhook", data=bad.body, headers=bad.headers)

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert (kept(stage), stage.row(key).status_at) == (0, before)
    with stage.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Audit).where(Audit.what == "webhook refused")) == 1


def test_a_replay_under_a_new_id_and_time_changes_nothing(stage, hooked) -> None:
    """Those headers are not signed, so the signature itself is good for one time."""
    key = stage.take()
    stage.arrive(key)
    first = stage.prolific.deliveries()[0]
    stage.world.move(key, RETURNED)
    for one in stage.prolific.deliveries():
        send(hooked, one)
    known, events = stage.row(key).status_at, kept(stage)
    late = {"X-Event-ID": "another", "X-Timestamp": f"{time.time():.3f}"}
    send(hooked, first)
    send(hooked, Delivery({**first.headers, **late}, first.body))

    assert (stage.row(key).status, stage.row(key).status_at, kept(stage)) == (RETURNED, known, events)


def test_an_event_waits_for_its_submission(stage, hooked) -> None:
    """Whoever comes after the event finds that it was heard."""
    key = stage.take()
    stage.world.move(key, RETURNED)
    for one in stage.prolific.deliveries():
        send(hooked, one)
    assert stage.row(key) is None
    stage.arrive(key)

    assert stage.row(key).status == RETURNED


def test_an_event_of_something_else_is_kept(stage, hooked) -> None:
    """A study's status is no submission's."""
    payload = {"resource_id": stage.study_id, "event_type": "study.status.change", "status": "PAUSED"}
    now = time.time()

    assert send(hooked, delivery(SIGNING, "e1", now, payload, now)) == 204
    assert kept(stage) == 1


def test_without_a_secret_no_webhook_is_taken(stage, app) -> None:
    """Not even one that is signed with an empty one."""
    key = stage.take()
    now = time.time()
    empty = delivery("", "e1", now, {"resource_id": key, "event_type": "x"}, now)

    assert send(app.test_client(), empty) == 404
    assert kept(stage) == 0


def test_a_flood_of_forgeries_does_not_fill_the_chain() -> None:
    """The first is told at once, the others together a minute later."""
    tally = Tally()

    assert [tally.add(now) for now in (0.0, 1.0, 2.0, EVERY_S, EVERY_S + 1)] == [1, 0, 0, 3, 0]

"""Webhooks: verified over the raw bytes, told apart, put in order."""

import random

import pytest

from prolific_config.errors import WebhookError
from prolific_config.models import APPROVED, AWAITING_REVIEW, RETURNED
from prolific_config.webhooks import newest, read_event, signature, supersedes, verify

NOW = 1_790_000_000.0
SECRET = "the workspace's"  # noqa: S105 - of the tests only


@pytest.fixture
def deliveries(prolific, client, wanted):
    """What Prolific sends of two people: one finishes and is approved, one returns."""
    prolific.world.secret = SECRET
    study = client.create_draft(wanted)
    first = prolific.world.arrive(study.id)
    second = prolific.world.arrive(study.id)
    prolific.world.move(first, AWAITING_REVIEW, "C0MPLETE")
    prolific.world.move(second, RETURNED)
    client.approve([first])
    return prolific.deliveries(sent_at=NOW)


def test_what_prolific_signed_is_accepted(deliveries) -> None:
    """Names of headers in any case."""
    for one in deliveries:
        verify(SECRET, one.headers, one.body, NOW)
        verify(SECRET, {name.lower(): value for name, value in one.headers.items()}, one.body, NOW)


def test_the_signature_is_hmac_of_timestamp_and_body() -> None:
    """The oracle is `printf 1b | openssl dgst -sha256 -hmac key -binary | base64`."""
    assert signature("key", "1", b"b") == "TvKEcB95Z64Ir1vTsLbCtbF242cm8m20UsmfucrYK1w="


@pytest.mark.parametrize("where", ["body", "timestamp", "secret", "signature", "unsigned"])
def test_a_forged_request_is_refused(deliveries, where) -> None:
    """A changed byte, another time, another secret, a wrong or absent signature."""
    one, secret, body, headers = deliveries[0], SECRET, deliveries[0].body, dict(deliveries[0].headers)
    match where:
        case "body":
            body = body.replace(b"ACTIVE", b"ABSENT")
        case "timestamp":
            headers["X-Prolific-Request-Timestamp"] = str(int(NOW) + 1)
        case "secret":
            secret = "another"  # noqa: S105
        case "signature":
            headers["X-Prolific-Request-Signature"] = "é" + headers["X-Prolific-Request-Signature"][1:]
        case "unsigned":
            del headers["X-Prolific-Request-Signature"]

    assert (secret, body, headers) != (SECRET, one.body, one.headers)
    with pytest.raises(WebhookError, match="signature, expected Prolific's"):
        verify(secret, headers, body, NOW)


def test_the_same_json_in_other_bytes_is_forged(deliveries) -> None:
    """What a serialiser makes of the body is not what was signed."""
    import json

    one = deliveries[0]

    with pytest.raises(WebhookError):
        verify(SECRET, one.headers, json.dumps(json.loads(one.body)).encode(), NOW)


@pytest.mark.parametrize(("later", "is_fresh"), [(0, True), (299, True), (301, False), (-299, True), (-301, False)])
def test_a_recorded_request_is_soon_worth_nothing(deliveries, later, is_fresh) -> None:
    """Five minutes before and after."""
    one = deliveries[0]
    if is_fresh:
        verify(SECRET, one.headers, one.body, NOW + later)
    else:
        with pytest.raises(WebhookError, match="expected one within 300 s of our clock"):
            verify(SECRET, one.headers, one.body, NOW + later)


@pytest.mark.parametrize("stamp", [f"{NOW:.0f}", f"{NOW * 1000:.0f}", f"{NOW:.3f}"])
def test_a_timestamp_may_have_parts_of_seconds(stamp) -> None:
    """Prolific says only that it is UNIX time; it is signed in any case."""
    signed = {"X-Prolific-Request-Timestamp": stamp, "X-Prolific-Request-Signature": signature(SECRET, stamp, b"{}")}

    verify(SECRET, signed, b"{}", NOW)


@pytest.mark.parametrize("stamp", ["", "soon", "nan", "inf", "1e400"])
def test_a_signed_timestamp_that_is_no_time_is_refused(stamp) -> None:
    """Even with a good signature."""
    headers = {
        "X-Prolific-Request-Timestamp": stamp,
        "X-Prolific-Request-Signature": signature(SECRET, stamp, b"{}"),
    }

    with pytest.raises(WebhookError, match="found the timestamp"):
        verify(SECRET, headers, b"{}", NOW)


def test_events_are_told_apart_and_put_in_order(deliveries) -> None:
    """Whatever order they come in, and however often, the last state of each submission is the same."""
    events = [read_event(one.headers, one.body) for one in deliveries]
    rng = random.Random(5)  # noqa: S311 - an order of arrival
    for _ in range(100):
        came = events * 3
        rng.shuffle(came)

        assert sorted(str(event.payload.status) for event in newest(came).values()) == [APPROVED, RETURNED]
    assert len({event.id for event in events}) == len(events)
    assert not supersedes(events[0], events[0])


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"X-Timestamp": "1"}, b"{}", "no header x-event-id"),
        ({"X-Event-ID": "1"}, b"{}", "no header x-timestamp"),
        ({"X-Event-ID": "1", "X-Timestamp": "soon"}, b"{}", "body: "),
        ({"X-Event-ID": "1", "X-Timestamp": "1"}, b"{}", "event_type: Field required"),
        ({"X-Event-ID": "1", "X-Timestamp": "1"}, b"not json", "Invalid JSON"),
    ],
)
def test_an_unreadable_event_is_refused(headers, body, said) -> None:
    """The header or field is named."""
    with pytest.raises(WebhookError, match=said):
        read_event(headers, body)


def test_unknown_fields_and_types_of_events_are_tolerated() -> None:
    """Prolific adds event types without notice."""
    event = read_event(
        {"X-Event-ID": "1", "X-Timestamp": "2026-09-01T12:00:00Z"},
        b'{"event_type": "study.sings", "resource_id": "s", "metadata": {"new": 1}}',
    )

    assert (event.payload.event_type, event.payload.status) == ("study.sings", None)

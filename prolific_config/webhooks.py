"""Prolific's webhooks: verify, read, put in order. Pure functions; the endpoint and its table are the server's.

Source: Prolific's documentation of webhooks (receiving, verifying). Its sample serialises the body again before it
signs; here the raw bytes are signed, for no serialiser gives back the same bytes for certain.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from prolific_config.errors import WebhookError

WINDOW_S = 300.0
"""How far a request's timestamp may be from our clock, seconds: a recorded request is soon worth nothing."""

SIGNATURE, TIMESTAMP = "X-Prolific-Request-Signature", "X-Prolific-Request-Timestamp"
EVENT_ID, EVENT_TIME = "X-Event-ID", "X-Timestamp"


class Payload(BaseModel):
    """What the body says; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_type: str
    resource_id: str
    status: str | None = None
    participant_id: str | None = None


class Event(BaseModel):
    """One verified event.

    Its `id` stays the same when Prolific sends it again, and `happened_at` says in which order events happened, which
    is not the order in which they come.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    happened_at: AwareDatetime
    payload: Payload


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return Prolific's signature: base64 of the HMAC-SHA256 of timestamp and raw body."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp.encode() + body, hashlib.sha256)).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float, window_s: float = WINDOW_S) -> None:
    """Refuse a request that Prolific did not sign, or signed too long ago.

    Args:
        secret: The workspace's.
        headers: Of the request; names in any case.
        body: The raw bytes, before anything has parsed them.
        now: Our clock, seconds since 1970.
        window_s: How far the timestamp may be from it.

    Raises:
        WebhookError: If the signature is absent or wrong, or the timestamp outside the window.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp, signed = given.get(TIMESTAMP.lower(), ""), given.get(SIGNATURE.lower(), "")
    if not hmac.compare_digest(signature(secret, timestamp, body).encode(), signed.encode()):
        raise WebhookError("a wrong signature" if signed else "no signature", "Prolific's")
    if not _is_near(timestamp, now, window_s):
        raise WebhookError(f"the timestamp '{timestamp}'", f"one within {window_s:g} s of our clock")


def read_event(headers: Mapping[str, str], body: bytes) -> Event:
    """Return the event of a verified request.

    Raises:
        WebhookError: If a header or a field is missing.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        return Event(
            id=given[EVENT_ID.lower()],
            happened_at=_MOMENT.validate_python(given[EVENT_TIME.lower()]),
            payload=Payload.model_validate_json(body),
        )
    except KeyError as error:
        raise WebhookError(f"no header {error.args[0]}", f"{EVENT_ID} and {EVENT_TIME}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise WebhookError(f"{'.'.join(map(str, fault['loc'])) or 'body'}: {fault['msg']}", "an event") from error


def newest(events: Iterable[Event]) -> dict[str, Event]:
    """Return the last event of each resource, however often and in whatever order the events came."""
    last: dict[str, Event] = {}
    for event in events:
        if supersedes(event, last.get(event.payload.resource_id)):
            last[event.payload.resource_id] = event
    return last


def supersedes(event: Event, known: Event | None) -> bool:
    """Say whether an event tells something newer than the last one known of its resource; a repetition does not."""
    return known is None or (event.happened_at, event.id) > (known.happened_at, known.id)


_MOMENT: TypeAdapter[AwareDatetime] = TypeAdapter(AwareDatetime)
"""Reads ISO 8601 with a zone, and seconds or milliseconds since 1970."""


def _is_near(timestamp: str, now: float, window_s: float) -> bool:
    try:
        return abs(now - _MOMENT.validate_python(timestamp).timestamp()) <= window_s
    except ValidationError:
        return False

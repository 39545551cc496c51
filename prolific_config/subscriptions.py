"""Where Prolific sends its webhooks, and what it signs them and its entry tokens with."""

from typing import Any

from prolific_config.client import API
from prolific_config.connection import Connection, body_of, parse, parse_list
from prolific_config.errors import AnswerError
from prolific_config.models import EventType, Secret, Subscription

HOOKS = f"{API}/hooks"


def event_types(connection: Connection) -> list[str]:
    """Return the event types that can be subscribed to now."""
    answer = connection.call("list event types", "GET", f"{HOOKS}/event-types/", repeat="always")
    return [found.event_type for found in parse_list("list event types", answer, EventType)]


def create_secret(connection: Connection, workspace_id: str) -> Secret:
    """Make the secret of a workspace; an older one stops being valid, so keep this one."""
    body = {"workspace_id": workspace_id}
    answer = connection.call("create secret", "POST", f"{HOOKS}/secrets/", body=body, repeat="refused")
    return parse("create secret", answer, Secret)


def subscriptions(connection: Connection, workspace_id: str) -> list[Subscription]:
    """Return the enabled subscriptions of a workspace; Prolific disables one that fails for a day."""
    params = {"workspace_id": workspace_id, "is_enabled": "true"}
    answer = connection.call("list subscriptions", "GET", f"{HOOKS}/subscriptions/", params=params, repeat="always")
    return parse_list("list subscriptions", answer, Subscription)


def subscribe(connection: Connection, workspace_id: str, event_type: str, target_url: str) -> Subscription:
    """Ask for an event type and confirm it.

    Args:
        connection: To Prolific.
        workspace_id: Whose events.
        event_type: One of `event_types`.
        target_url: Ours.

    Raises:
        AnswerError: If the answer lacks the header or the subscription.
    """
    body = {"event_type": event_type, "target_url": target_url, "workspace_id": workspace_id}
    answer = connection.call("subscribe", "POST", f"{HOOKS}/subscriptions/", body=body, repeat="refused")
    made = [found for found in parse_list("subscribe", answer, Subscription) if found.event_type == event_type]
    if not made or "x-hook-secret" not in answer.headers:
        raise AnswerError("subscribe", "results" if not made else "X-Hook-Secret", "is missing")
    path, secret = f"{HOOKS}/subscriptions/{made[-1].id}/", {"secret": answer.headers["x-hook-secret"]}
    confirmed = connection.call("confirm subscription", "POST", path, body=secret, repeat="always")
    return parse("confirm subscription", confirmed, Subscription)


def signing_keys(connection: Connection) -> dict[str, Any]:
    """Return the public keys of entry tokens (a JWKS)."""
    answer = connection.call("read signing keys", "GET", "/.well-known/study/jwks.json", repeat="always")
    keys: dict[str, Any] = body_of("read signing keys", answer)
    return keys

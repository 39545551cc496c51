"""Where Prolific sends its webhooks: verified by the raw body before anything is read, kept, acted on, answered."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request

from prolific_config import webhooks
from prolific_config.errors import WebhookError
from prolific_config.webhooks import Event, Payload
from study_server import metrics, problems
from study_server.prolific import events, refusals
from study_server.server import current_server

__all__ = ["HOOK_HEADERS", "Payload", "hook"]  # what the OpenAPI description says of it

HOOK_HEADERS = (webhooks.SIGNATURE, webhooks.TIMESTAMP, webhooks.EVENT_ID, webhooks.EVENT_TIME)

hook = Blueprint("hook", __name__, url_prefix="/prolific")


@hook.post("/webhook")
def receive() -> Response:
    """Keep one event and act on it; what Prolific did not sign is refused, noted, and changes nothing else."""
    server, now = current_server(), datetime.now(UTC)
    secret = server.settings.prolific_webhook_secret
    if secret is None:
        abort(404, "This server takes no webhooks: it has no PROLIFIC_WEBHOOK_SECRET.")
    try:
        event = _verified(secret, now)
    except WebhookError as error:
        refusals.note(error.found)
        return problems.problem(401, "The webhook is refused", str(error))
    signature = request.headers[webhooks.SIGNATURE]
    heard = server.database.write(lambda db: events.receive(db, event, signature, now))
    metrics.WEBHOOKS.labels(heard).inc()
    return Response(status=204)


def _verified(secret: str, now: datetime) -> Event:
    headers, body = dict(request.headers), request.get_data(cache=False)
    webhooks.verify(secret, headers, body, now.timestamp())
    event = webhooks.read_event(headers, body)
    events.require_plausible(event, now)
    return event

"""What those who run the machine ask: is it alive, can it store, what does it count."""

import hmac

from flask import Blueprint, Response, abort, jsonify, request

from study_server import metrics
from study_server.openapi import document
from study_server.server import current_server

ops = Blueprint("ops", __name__)


@ops.get("/healthz")
def live() -> Response:
    """Say that the program runs."""
    return jsonify(status="ok")


@ops.get("/readyz")
def ready() -> tuple[Response, int]:
    """Say whether answers can be stored: a row was written just now, and the disk has room."""
    alarm = current_server().watch.look(now=True).alarm
    metrics.ALARM.set(bool(alarm))
    return jsonify(status="alarm" if alarm else "ok", alarm=alarm), 503 if alarm else 200


@ops.get("/metrics")
def count() -> Response:
    """Give the counters to whoever has the token."""
    server = current_server()
    token = server.settings.metrics_token
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token is None or not hmac.compare_digest(shown.encode(), token.encode()):
        abort(401, "The counters are for whoever has METRICS_TOKEN.")
    metrics.FREE_MB.set(server.watch.free_mb())
    metrics.ALARM.set(bool(server.watch.look().alarm))
    body, kind = metrics.exposition()
    return Response(body, content_type=kind)


@ops.get("/openapi.json")
def openapi() -> Response:
    """Describe the calls of the participant's page and of the desk."""
    return jsonify(document())

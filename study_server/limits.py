"""How often one address or one visit may ask; generous, because a whole university may share an address.

Counts are kept by each worker for itself, so the limits hold for one worker.
"""

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

BY_ADDRESS = {
    "participant.start": "1200 per minute",
    "participant.landing": "3000 per minute",
    "api.open_visit": "1200 per minute",
    "desk.log_in": "10 per minute; 60 per hour",
}
BY_VISIT = {
    "api.answer": "20 per second",
    "api.note": "5 per second",
    "api.complete": "60 per minute",
    "api.withdraw": "30 per minute",
}
"""Limits by endpoint."""


def limit(app: Flask) -> None:
    """Put the limits on an app's views; who asks too often gets 429 and when to come back."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", strategy="fixed-window")
    views: dict[str, Any] = app.view_functions
    for endpoint, words in BY_ADDRESS.items():
        views[endpoint] = limiter.limit(words)(views[endpoint])
    for endpoint, words in BY_VISIT.items():
        views[endpoint] = limiter.limit(words, key_func=_visit)(views[endpoint])


def _visit() -> str:
    return request.headers.get("Authorization") or str(get_remote_address())

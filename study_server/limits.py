"""How often one address or one visit may ask; generous, because a whole university may share an address.

Counts are kept by each worker for itself, so the limits hold for one worker. Answers that are stored are not
counted, because a visit has few of them by nature; those that are refused are.
"""

from flask import Flask, Response, abort, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from study_server.words import noted

BY_ADDRESS = {
    "participant.start": "1200 per minute",
    "participant.landing": "3000 per minute",
    "api.open_visit": "1200 per minute",
    "desk.log_in": "10 per minute",
    "hook.receive": "6000 per minute",
}
BY_VISIT = {
    "api.note": "300 per minute",
    "api.complete": "60 per minute",
    "api.withdraw": "30 per minute",
}
REFUSED = {"api.answer": "120 per minute", "hook.receive": "120 per minute"}
"""Limits by endpoint; of `REFUSED`, only what was refused counts."""

TOO_OFTEN = noted("You ask too often. Wait a minute and go on; nothing is lost.")


def limit(app: Flask) -> None:
    """Put the limits on an app; who asks too often gets 429 and when to come back."""
    counter = FixedWindowRateLimiter(MemoryStorage())
    before = {name: parse(words) for name, words in (BY_ADDRESS | BY_VISIT).items()}
    after = {name: parse(words) for name, words in REFUSED.items()}

    @app.before_request
    def check() -> None:
        item = before.get(request.endpoint or "")
        if item is not None and not counter.hit(item, *_who()):
            abort(429, TOO_OFTEN)

    @app.after_request
    def count(response: Response) -> Response:
        item = after.get(request.endpoint or "") if response.status_code in (401, 403, 409, 422) else None
        if item is not None and not counter.hit(item, *_who()):
            response.status_code = 429
        if response.status_code == 429:
            response.headers["Retry-After"] = "60"
        return response


def _who() -> tuple[str, str]:
    """Return what is counted together: the endpoint, and the visit or else the address."""
    endpoint = request.endpoint or ""
    visit = request.headers.get("Authorization") if endpoint not in BY_ADDRESS else None
    return endpoint, visit or request.remote_addr or ""

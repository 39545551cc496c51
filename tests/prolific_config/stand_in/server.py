"""A stand-in for Prolific on loopback: every request and every answer is held to the description.

A request that does not fit gets 400 and is written down in `violations`, and so is an answer that does not fit; a test
ends by asserting that there are none. Tests and benchmarks elsewhere put `tests/prolific_config` on `sys.path` and say
`with StandIn([Description()]) as prolific`; PROLIFIC_URL is then `prolific.url` and PROLIFIC_TOKEN is `TOKEN`.
"""

import json
import re
import socket
import threading
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from stand_in.answers import Answer, Answers
from stand_in.description import Description, Operation
from stand_in.faults import Fault, Faults
from stand_in.signing import Delivery, Signer, delivery
from stand_in.world import RefusalError, World
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

NOWHERE = "https://another.example/pages"  # only the query of a link is followed
TOKEN = "the-stand-in-knows-this-one"  # noqa: S105 - opens nothing but the stand-in


@dataclass(frozen=True)
class Seen:
    """A request that came."""

    operation: str
    query: dict[str, str]
    body: Any


class StandIn:
    """A Prolific of our own; a context manager that serves from a thread.

    Args:
        descriptions: What requests and answers are held to: ours, and Prolific's own where it is at hand.
    """

    def __init__(self, descriptions: Sequence[Description]) -> None:
        self.world, self.faults, self.signer = World(), Faults(), Signer()
        self.seen: list[Seen] = []
        self.violations: list[str] = []
        self._descriptions = descriptions
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._app, threaded=True, request_handler=_Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._answers = Answers(self.world, self.signer, self.url)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def calls(self, operation: str) -> list[Seen]:
        """Return the requests of one operation."""
        return [seen for seen in self.seen if seen.operation == operation]

    def deliveries(self, sent_at: float | None = None) -> list[Delivery]:
        """Return every event so far as a signed webhook, in the order in which things happened."""
        now = time.time() if sent_at is None else sent_at
        events = [(event["id"], event["happened_at"], event["payload"]) for event in self.world.events]
        return [delivery(self.world.secret, *event, now) for event in events]

    def send(self, one: Delivery) -> list[int]:
        """Send a webhook to every enabled subscription and return the statuses that come back."""
        targets = [s["target_url"] for s in self.world.subscriptions.values() if s["is_enabled"]]
        return [httpx.post(url, content=one.body, headers=one.headers).status_code for url in targets]

    def _app(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        operation = self._descriptions[0].operation(request.method, request.path)
        if operation is None:
            self.violations.append(f"no operation {request.method} {request.path}")
            return _refused(404, "No such operation")(environ, start_response)
        fault = self.faults.next(operation.id)
        try:
            status, body, headers = self._answer(operation, request, fault)
        except Exception:
            self.violations.append(traceback.format_exc())  # a fault of the stand-in itself
            raise
        if fault and fault.kind == "cut off after commit":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        if body is None:
            return Response(status=status, headers=headers)(environ, start_response)
        return _json(status, body, headers)(environ, start_response)

    def _answer(self, operation: Operation, request: Request, fault: Fault | None) -> Answer:
        query = dict(request.args)
        body = request.get_json() if request.content_length else None
        self.seen.append(Seen(operation.id, query, body))
        if operation.id != "get-study-jwks" and request.headers.get("Authorization") != f"Token {TOKEN}":
            return 401, _error(401, "Invalid token"), {}
        faults = [f for d in self._descriptions for f in d.request_faults(d.operations[operation.id], query, body)]
        if faults:
            self.violations += [f"{operation.id} request: {fault}" for fault in faults]
            return 400, _error(400, "; ".join(faults)), {}
        if fault and fault.kind in _BEFORE:
            return _BEFORE[fault.kind]
        answer = self._handle(operation, request.path, query, body)
        return _spoilt(answer, fault) if fault else answer

    def _handle(self, operation: Operation, path: str, query: dict[str, str], body: Any) -> Answer:
        ids = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", operation.path), path)
        assert ids is not None
        try:
            with self._lock:
                status, answer, headers = self._answers.of(operation.id)(list(ids.groups()), query, body)
        except RefusalError as refusal:
            return refusal.status, _error(refusal.status, refusal.title, refusal.detail), {}
        faults = [f for d in self._descriptions for f in d.answer_faults(d.operations[operation.id], status, answer)]
        self.violations += [f"{operation.id} answer: {fault}" for fault in faults]
        return status, answer, headers


class _Quiet(WSGIRequestHandler):
    """Writes nothing: a cut connection is meant."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


def _error(status: int, title: str, detail: Any = "") -> dict[str, Any]:
    return {"error": {"status": status, "error_code": 140000 + status, "title": title, "detail": detail or title}}


_BEFORE: dict[str, Answer] = {
    "busy": (429, _error(429, "Too many requests"), {"Retry-After": "1"}),
    "away": (503, _error(503, "Away"), {}),
    "refused": (403, _error(403, "No rights"), {}),
}


def _spoilt(answer: Answer, fault: Fault) -> Answer:
    """Return an answer as it comes through a fault, after everything has happened."""
    status, body, headers = answer
    if fault.kind == "away after commit":
        return 503, _error(503, "Away"), {}
    if fault.kind == "more":
        return status, _each(body, lambda record: {**record, "surprise": {"new": True}}), headers
    if fault.kind == "less":
        return status, _each(body, lambda record: {k: v for k, v in record.items() if k != fault.field}), headers
    if fault.kind == "page too many" and status == 200:
        return status, {**body, "_links": {"next": {"href": f"{NOWHERE}?page=999"}}}, headers
    return answer


def _each(body: Any, change: Any) -> Any:
    """Change a record, and the records in its `results`."""
    changed = change(body)
    if "results" in changed:
        changed["results"] = [change(record) for record in changed["results"]]
    return changed


def _json(status: int, body: Any, headers: dict[str, str]) -> Response:
    return Response(json.dumps(body), status=status, headers=headers, content_type="application/json")


def _refused(status: int, title: str) -> Response:
    return _json(status, _error(status, title), {})

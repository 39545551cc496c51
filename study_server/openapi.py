"""The description (OpenAPI 3.1) of what programs may call, made from the models that check the calls."""

from typing import Any

from pydantic import BaseModel

from study_server.codes import OUTCOMES
from study_server.experimenter.api import Wish
from study_server.prolific.hook import HOOK_HEADERS, Payload
from study_server.submission import Happenings, Submission, Withdrawal

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
TRIAL = {
    "type": "object",
    "required": ["index", "block", "images", "checks"],
    "properties": {
        "index": {"type": "integer"},
        "block": {"type": "integer"},
        "images": {"type": "object", "additionalProperties": {"type": "string"}},
        "checks": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
VISIT = {
    "type": "object",
    "required": ["bearer", "technical_code", "total", "answered", "blocks", "blank_ms", "trials"],
    "properties": {
        "bearer": {"type": "string"},
        "technical_code": {"type": "string"},
        "total": {"type": "integer"},
        "answered": {"type": "integer"},
        "blocks": {"type": "integer"},
        "blank_ms": {"type": "integer"},
        "trials": {"type": "array", "items": TRIAL},
    },
}
STORED = {
    "type": "object",
    "required": ["stored", "uuid"],
    "properties": {"stored": {"const": True}, "uuid": {"type": "string"}, "correct": {"type": "boolean"}},
}
KEPT = {"type": "object", "required": ["stored"], "properties": {"stored": {"type": "integer"}}}
ENDED = {
    "type": "object",
    "required": ["outcome", "code"],
    "properties": {"outcome": {"enum": sorted(OUTCOMES.values())}, "code": {"type": "string"}},
}
NAMES = {"type": "object", "properties": {"studies": {"type": "array", "items": {"type": "string"}}}}
STATE = {
    "type": "object",
    "required": ["study", "state", "because", "alarm", "places", "answers", "counts"],
    "properties": {
        "state": {"enum": ["open", "paused", "closed"]},
        "places": {"type": "integer"},
        "answers": {"type": "integer"},
        "counts": {"type": "object"},
    },
}
CHANGED = {"type": "object", "required": ["changed"], "properties": {"changed": {"type": "boolean"}}}

BEARER, COOKIE, SIGNED = "window", "browser", "prolific"
STUDY = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z0-9.-]+$"}}
ORIGIN = {"name": "Origin", "in": "header", "required": True, "schema": {"type": "string", "format": "uri"}}


def document() -> dict[str, Any]:
    """Return the whole description."""
    paths = {
        "/s/{name}/visit": {"post": _call("Open the visit of this browser in this window", VISIT, COOKIE)},
        "/s/{name}/answers": {"post": _call("Store one answer", STORED, BEARER, Submission)},
        "/s/{name}/events": {"post": _call("Keep events of the visit", KEPT, BEARER, Happenings)},
        "/s/{name}/completion": {"post": _call("End the visit, all trials answered", ENDED, BEARER)},
        "/s/{name}/withdrawal": {"post": _call("End the visit early", ENDED, BEARER, Withdrawal)},
        "/desk/api/studies": {"get": _call("Name all studies", NAMES, COOKIE, in_study=False, changes=False)},
        "/desk/api/studies/{name}": {"get": _call("Show a study in numbers", STATE, COOKIE, changes=False)},
        "/desk/api/studies/{name}/state": {"post": _call("Pause, resume or close", CHANGED, COOKIE, Wish)},
        "/prolific/webhook": {"post": _webhook()},
    }
    schemes = {
        BEARER: {"type": "http", "scheme": "bearer"},
        COOKIE: {"type": "apiKey", "in": "cookie", "name": "visit"},
        SIGNED: {"type": "apiKey", "in": "header", "name": HOOK_HEADERS[0]},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "BudgetFusion study server", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def _call(
    summary: str,
    returns: dict[str, Any],
    scheme: str,
    takes: type[BaseModel] | None = None,
    *,
    in_study: bool = True,
    changes: bool = True,
) -> dict[str, Any]:
    """Describe one call.

    Args:
        summary: What it does.
        returns: Schema of the answer.
        scheme: What it must show.
        takes: Model of its body, if it has one.
        in_study: Whether the address names a study.
        changes: Whether it changes something, and so must come from our origin.
    """
    call: dict[str, Any] = {
        "summary": summary,
        "security": [{scheme: []}],
        "parameters": [STUDY] * in_study + [ORIGIN] * changes,
        "responses": {
            "200": {"description": "done", "content": {"application/json": {"schema": returns}}},
            "default": {"description": "a problem", "content": {"application/problem+json": {"schema": PROBLEM}}},
        },
    }
    if takes is not None:
        schema = takes.model_json_schema(ref_template="#/components/schemas/{model}")
        call["requestBody"] = {"required": True, "content": {"application/json": {"schema": _flat(schema)}}}
    return call


def _webhook() -> dict[str, Any]:
    """Describe where Prolific sends its events."""
    call = _call("Take an event of Prolific", {}, SIGNED, Payload, in_study=False, changes=False)
    call["parameters"] = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string"}} for name in HOOK_HEADERS
    ]
    call["responses"] = {"204": {"description": "kept"}, "default": call["responses"]["default"]}
    return call


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its definitions put where they are used."""
    definitions = schema.pop("$defs", {})

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return put(definitions[node["$ref"].rpartition("/")[2]])
        return {key: put(value) for key, value in node.items()}

    flat: dict[str, Any] = put(schema)
    return flat

"""An OpenAPI description that requests and answers are held to, more strictly than OpenAPI asks.

A field of a request, or a parameter of a query, that the description does not know is a fault: it would be a typing
error of ours. In an answer it is none, for Prolific may send more than it describes.
"""

import copy
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = "urn:interface"
OWN = Path(__file__).with_name("interface.yml")


@dataclass(frozen=True)
class Operation:
    """One address and method, with what it takes and gives."""

    id: str
    method: str
    path: str
    parameters: dict[str, dict[str, Any]]
    request: dict[str, Any] | None
    answers: dict[str, dict[str, Any] | None]

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is this operation."""
        pattern = re.sub(r"\{\w+\}", "[^/]+", self.path)
        return method == self.method and re.fullmatch(pattern, path) is not None


class Description:
    """A description, read from a file.

    Args:
        path: YAML; ours by default.
    """

    def __init__(self, path: Path = OWN) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader either way
        self.document = _relaxed(raw)
        self.operations = {operation.id: operation for operation in _operations(self.document)}
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry: Any = Registry().with_resource(DOCUMENT, resource)

    def operation(self, method: str, path: str) -> Operation | None:
        """Return the operation of a request; a fixed address goes before one with a parameter."""
        found = [operation for operation in self.operations.values() if operation.matches(method, path)]
        return min(found, key=lambda operation: operation.path.count("{"), default=None)

    def request_faults(self, operation: Operation, query: dict[str, str], body: Any) -> list[str]:
        """Return what is wrong with a request."""
        unknown = [f"unknown parameter '{name}'" for name in query if name not in operation.parameters]
        missing = [
            f"missing parameter '{name}'"
            for name, parameter in operation.parameters.items()
            if parameter["in"] == "query" and parameter.get("required") and name not in query
        ]
        if operation.request is None:
            return unknown + missing + ([f"a body where none is taken: {body}"] if body is not None else [])
        return unknown + missing + self.faults(operation.request, body) + self._unknown(operation.request, body)

    def answer_faults(self, operation: Operation, status: int, body: Any) -> list[str]:
        """Return what is wrong with an answer; of refusals only their form is known."""
        if status >= 400:
            return []
        if str(status) not in operation.answers:
            return [f"status {status} is not described"]
        schema = operation.answers[str(status)]
        return self.faults(schema, body) if schema is not None and body is not None else []

    def faults(self, schema: dict[str, Any], value: Any) -> list[str]:
        """Return where a value does not fit a schema."""
        validator = Draft202012Validator(self.resolved(schema), registry=self._registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema that says what a reference leads to, one step."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        found: dict[str, Any] = self.document["components"]["schemas"][reference.rpartition("/")[2]]
        return found

    def _unknown(self, schema: dict[str, Any], body: Any, where: str = "$") -> list[str]:
        """Return the fields of a request that no alternative of its schema has."""
        found_in = alternatives(self, schema)
        if isinstance(body, list):
            items = [found["items"] for found in found_in if "items" in found]
            return [fault for i, value in enumerate(body) for fault in self._unknown_any(items, value, f"{where}[{i}]")]
        if not isinstance(body, dict):
            return []
        known: dict[str, list[dict[str, Any]]] = {}
        for found in found_in:
            for name, inner in found.get("properties", {}).items():
                known.setdefault(name, []).append(inner)
        faults = [f"{where}: unknown field '{name}'" for name in body if name not in known]
        return faults + [
            f for name in body if name in known for f in self._unknown_any(known[name], body[name], f"{where}.{name}")
        ]

    def _unknown_any(self, schemas: list[dict[str, Any]], value: Any, where: str) -> list[str]:
        """Return what the most forgiving of several schemas has against a value."""
        found = [self._unknown(schema, value, where) for schema in schemas]
        return min(found, key=len, default=[])


def alternatives(description: Description, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a schema and every alternative in it."""
    schema = description.resolved(schema)
    inner = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    return [schema, *(found for part in inner for found in alternatives(description, part))]


def _operations(document: dict[str, Any]) -> list[Operation]:
    found = []
    for path, item in document["paths"].items():
        for method in {"get", "post", "patch", "delete", "put"} & set(item):
            detail = item[method]
            parameters = [*item.get("parameters", ()), *detail.get("parameters", ())]
            found.append(
                Operation(
                    id=detail["operationId"],
                    method=method.upper(),
                    path=path,
                    parameters={parameter["name"]: parameter for parameter in parameters},
                    request=_schema(detail.get("requestBody")),
                    answers={status: _schema(answer) for status, answer in detail["responses"].items()},
                )
            )
    return found


def _schema(part: dict[str, Any] | None) -> dict[str, Any] | None:
    if not part or "content" not in part:
        return None
    schema: dict[str, Any] = part["content"]["application/json"]["schema"]
    return schema


def _relaxed(node: Any) -> Any:
    """Return a description that JSON Schema can use: references lead into the document from everywhere.

    `oneOf` over bare types is read as `anyOf`: Prolific lets a bound be an integer or a number, and 18 is both.
    """
    node = copy.copy(node)
    if isinstance(node, list):
        return [_relaxed(value) for value in node]
    if not isinstance(node, dict):
        return node
    if all(isinstance(part, dict) and set(part) <= {"type", "format"} for part in node.get("oneOf", [None])):
        node["anyOf"] = node.pop("oneOf")
    if str(node.get("$ref", "")).startswith("#"):
        node["$ref"] = DOCUMENT + node["$ref"]
    return {key: _relaxed(value) for key, value in node.items()}

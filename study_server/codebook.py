"""What each exported column means, made from the models that the rows are checked by."""

from collections.abc import Sequence
from typing import Any

from stimuli.manifest import Choice

_MEANINGS = {
    "study": "name of the study",
    "manifest_digest": "sha256 of the manifest: which images",
    "session": "the visit, e.g. S-00041",
    "block": "0: practice; then from 1",
    "item_id": "item in the manifest",
    "prompt": "text that the images were made from",
    "seed": "seed that the images were made with",
    "purpose": "what the trial is for",
    "task": "what was asked",
    "reference_condition": "condition of the image in the middle",
    "left_condition": "condition of the left image",
    "right_condition": "condition of the right image",
    "left_num_steps": "denoising steps of the left image",
    "right_num_steps": "denoising steps of the right image",
    "response": "side that was chosen",
}
"""Of the columns whose field in `Choice` says nothing; the field's own words come first."""


def codebook(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return one entry for each column: name, type, allowed values, whether it may be empty, meaning."""
    properties = Choice.model_json_schema()["properties"]
    return [_entry(name, properties[name]) for name in names]


def as_markdown(book: Sequence[dict[str, Any]]) -> str:
    """Return the codebook as a table to read."""
    lines = ["# Codebook", "", "| column | type | values | may be empty | meaning |", "|---|---|---|---|---|"]
    for entry in book:
        values = ", ".join(f"`{value}`" for value in entry["values"])
        empty = "yes" if entry["may_be_empty"] else "no"
        lines.append(f"| `{entry['name']}` | {entry['type']} | {values} | {empty} | {entry['meaning']} |")
    return "\n".join(lines) + "\n"


def as_variables(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the columns as schema.org wants them."""
    return [
        {"@type": "PropertyValue", "name": entry["name"], "description": entry["meaning"]} for entry in codebook(names)
    ]


def _entry(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    options = schema.get("anyOf", [schema])
    kinds = [option for option in options if option.get("type") != "null"]
    return {
        "name": name,
        "type": kinds[0].get("type", "string"),
        "values": kinds[0].get("enum", []),
        "may_be_empty": len(kinds) < len(options),
        "meaning": schema.get("description") or _MEANINGS[name],
    }

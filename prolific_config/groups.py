"""Participant groups: who took part in one study is kept out of the next."""

from collections.abc import Sequence
from typing import Any

from prolific_config.client import API
from prolific_config.connection import Connection, parse, parse_list
from prolific_config.models import Group, Member

PATH = f"{API}/participant-groups/"


def create_group(connection: Connection, workspace_id: str, name: str) -> Group:
    """Make an empty group. Twice would make two."""
    body = {"workspace_id": workspace_id, "name": name}
    return parse("create group", connection.call("create group", "POST", PATH, body=body, repeat="refused"), Group)


def members(connection: Connection, group_id: str) -> list[Member]:
    """Return who is in a group."""
    answer = connection.call("list members", "GET", f"{PATH}{group_id}/participants/", repeat="always")
    return parse_list("list members", answer, Member)


def add(connection: Connection, group_id: str, participant_ids: Sequence[str]) -> list[Member]:
    """Put people into a group; who is in it already stays."""
    return _change(connection, "POST", "add members", group_id, participant_ids)


def remove(connection: Connection, group_id: str, participant_ids: Sequence[str]) -> list[Member]:
    """Take people out of a group; who is not in it is ignored."""
    return _change(connection, "DELETE", "remove members", group_id, participant_ids)


def _change(
    connection: Connection, method: str, operation: str, group_id: str, participant_ids: Sequence[str]
) -> list[Member]:
    body: dict[str, Any] = {"participant_ids": list(participant_ids)}
    path = f"{PATH}{group_id}/participants/"
    answer = connection.call(operation, method, path, body=body, repeat="always")
    return parse_list(operation, answer, Member)

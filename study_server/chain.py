"""Hash chains: what makes a changed, removed or inserted row visible. Pure, and once more as SQL.

A row's leaf is H(salt || content); an entry's link is H(previous link || leaf), with SHA-256 as H and hexadecimal text.
Content that is erased takes its salt along, so that nobody can guess it from the leaf, which stays.
"""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

START = "0" * 64
"""The head of a chain without entries."""


def new_salt() -> str:
    """Return a salt, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def leaf_of(salt: str, content: object) -> str:
    """Return H(salt || content), 64 hexadecimal digits.

    Args:
        salt: 32 hexadecimal digits.
        content: What JSON can hold; moments are given through `moment`.
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256((salt + text).encode()).hexdigest()


def link_of(previous: str, leaf: str) -> str:
    """Return H(previous link || leaf), 64 hexadecimal digits."""
    return hashlib.sha256((previous + leaf).encode()).hexdigest()


def answer_content(
    *, trial_index: int, uuid: str, response: str, rt_ms: float, shown_at: datetime, answered_at: datetime, flags: str
) -> list[object]:
    """Return what the leaf of an answer is made of."""
    return ["answer", uuid, trial_index, response, float(rt_ms), moment(shown_at), moment(answered_at), flags]


def entry_content(what: str, actor: str, detail: object, happened_at: datetime) -> list[object]:
    """Return what the leaf of an audit entry is made of."""
    return ["entry", what, actor, detail, moment(happened_at)]


def moment(value: datetime) -> str:
    """Return a moment in UTC as text, to the microsecond, the same from both databases."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class linked(FunctionElement[str]):  # noqa: N801 - SQL functions are written small
    """`link_of` in SQL, so that a session's head moves in one statement."""

    type = String()
    inherit_cache = True


@compiles(linked, "postgresql")
def _linked_on_postgresql(element: linked, compiler: SQLCompiler, **options: Any) -> str:
    previous, leaf = (compiler.process(clause, **options) for clause in element.clauses)
    return f"encode(sha256(convert_to({previous} || {leaf}, 'UTF8')), 'hex')"


@compiles(linked, "sqlite")
def _linked_on_sqlite(element: linked, compiler: SQLCompiler, **options: Any) -> str:
    return f"link_of({compiler.process(element.clauses, **options)})"  # defined for each connection, see db

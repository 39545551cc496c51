"""Entries of the chains: what was done, by whom, so that a change behind the server's back is found.

Every session has a chain of its own (its answers, consent and end), so that answers never wait for each other. The
desk has one, in which the heads of the sessions' chains are checkpointed; its head can be kept outside the database.
"""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server.chain import START, entry_content, leaf_of, link_of, new_salt
from study_server.db import alone
from study_server.ledger import Audit
from study_server.models import Session

SYSTEM = "server"
_DESK = "the desk's chain"

Detail = dict[str, object]


def record(db: Db, what: str, detail: Detail, actor: str = SYSTEM) -> str:
    """Add an entry to the desk's chain and return the new head; of two at once one waits until the other is stored."""
    alone(db, _DESK)
    last = desk_head(db)
    position, head = last if last is not None else (0, START)
    row = _entry(what, actor, detail, position + 1, head)
    db.add(row)
    db.flush()
    return row.link


def record_in(db: Db, session: Session, what: str, detail: Detail, actor: str = "participant") -> None:
    """Add an entry to a session's chain; the caller has locked the session."""
    row = _entry(what, actor, detail, session.position + 1, session.head)
    row.session_id = session.id
    session.position, session.head = row.position, row.link
    db.add(row)


def desk_head(db: Db) -> tuple[int, str] | None:
    """Return position and head of the desk's chain, or none while it is empty."""
    last = select(Audit.position, Audit.link).where(Audit.session_id.is_(None)).order_by(Audit.position.desc()).limit(1)
    found = db.execute(last).first()
    return (found.position, found.link) if found is not None else None


def checkpoint(db: Db, actor: str = SYSTEM) -> str:
    """Write the heads of all sessions' chains into the desk's chain, and return its head."""
    heads = db.execute(select(Session.id, Session.position, Session.head).order_by(Session.id))
    return record(db, "checkpoint", {"heads": {str(row.id): [row.position, row.head] for row in heads}}, actor)


def _entry(what: str, actor: str, detail: Detail, position: int, head: str) -> Audit:
    salt, now = new_salt(), datetime.now(UTC)
    leaf = leaf_of(salt, entry_content(what, actor, detail, now))
    link = link_of(head, leaf)
    return Audit(
        position=position, what=what, actor=actor, detail=detail, salt=salt, leaf=leaf, link=link, happened_at=now
    )

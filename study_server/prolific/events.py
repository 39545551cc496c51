"""Verified events: each is kept and acted on once, and an old one never hides a newer one."""

import re
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session as Db

from prolific_config.errors import WebhookError
from prolific_config.webhooks import WINDOW_S, Event
from study_server.prolific.submissions import Word, find, hear
from study_server.prolific.tables import Submission, Webhook

STATUS_CHANGED = "submission.status.change"

EVENT_ID = re.compile(r"[\x21-\x7e]{1,80}")
RESOURCE_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
LONGEST_STATUS, LONGEST_TYPE = 30, 80
KEPT = timedelta(days=2)

Heard = Literal["acted", "older", "again", "kept"]
"""It told something new; something newer was known; it or a replay of it came before; it concerns no submission that
is known yet, and waits for it."""


def receive(db: Db, event: Event, signature: str, now: datetime) -> Heard:
    """Keep a verified event, and act on it if it tells something new.

    Args:
        db: In a writing transaction.
        event: What was verified.
        signature: Of its request; a replay under another id has the same one.
        now: When it came.
    """
    if _came_before(db, event.id, signature):
        return "again"
    payload = event.payload
    is_status = payload.event_type == STATUS_CHANGED and payload.status is not None
    db.add(
        Webhook(
            event_id=event.id,
            signature=signature,
            event_type=payload.event_type,
            resource_id=payload.resource_id,
            status=payload.status if is_status else None,
            happened_at=event.happened_at,
            received_at=now,
        )
    )
    db.flush()
    row = find(db, payload.resource_id) if is_status else None
    if row is None or payload.status is None:
        return "kept"
    return "acted" if hear(db, row, Word(payload.status, event.happened_at, event.id)) else "older"


def require_plausible(event: Event, now: datetime) -> None:
    """Refuse what no event of Prolific looks like; its headers are not signed, and one of the future would hide others.

    Raises:
        WebhookError: Naming what is wrong.
    """
    payload = event.payload
    if not EVENT_ID.fullmatch(event.id) or not RESOURCE_ID.fullmatch(payload.resource_id):
        raise WebhookError("an id of another form", "Prolific's")
    if len(payload.status or "") > LONGEST_STATUS or len(payload.event_type) > LONGEST_TYPE:
        raise WebhookError("a status or event type of no such length", "Prolific's words")
    if (event.happened_at - now).total_seconds() > WINDOW_S:
        raise WebhookError("an event of the future", f"one that happened, to within {WINDOW_S:g} s of our clock")


def prune(db: Db, now: datetime) -> int:
    """Forget the events of submissions that are not ours; a workspace sends those of all its studies. Return how many.

    Prolific repeats an event for a day, and every submission of ours is known once it was reconciled.
    """
    ours = select(Submission.id).where(Submission.external_id == Webhook.resource_id).exists()
    foreign = delete(Webhook).where(Webhook.received_at < now - KEPT, ~ours)
    return len(db.execute(foreign.returning(Webhook.id)).all())


def _came_before(db: Db, event_id: str, signature: str) -> bool:
    same = or_(Webhook.event_id == event_id, Webhook.signature == signature)
    return db.scalar(select(Webhook.id).where(same).limit(1)) is not None

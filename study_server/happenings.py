"""Events of a visit: focus, zoom, retries, load times."""

from collections.abc import Sequence
from datetime import UTC

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as Db

from study_server.ledger import Event
from study_server.models import Session
from study_server.submission import Happening


def keep(db: Db, session: Session, events: Sequence[Happening]) -> int:
    """Store events, those that are stored already once only; return how many came."""
    rows = [
        {
            "session_id": session.id,
            "uuid": str(event.uuid),
            "kind": event.kind,
            "trial_index": event.trial,
            "value": event.value,
            "happened_at": event.happened_at.astimezone(UTC),
        }
        for event in events
    ]
    insert = sqlite.insert if db.get_bind().dialect.name == "sqlite" else postgresql.insert
    db.execute(insert(Event).on_conflict_do_nothing(), rows)
    return len(rows)

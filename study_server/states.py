"""Whether a study takes people in: open, paused (and why), closed."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Mode
from study_server import audit, studies
from study_server.errors import StudyRestsError, SupersededError
from study_server.leases import LIMITED_MODES
from study_server.models import Study
from study_server.studies import Material

FULL = "every place is taken"
"""The one reason to pause that ends by itself, when a place is given back."""

UNPUBLISHED = "not published yet"
"""Why a study that was made at the desk takes nobody in until somebody publishes it."""


def require_open(db: Db, material: Material, mode: Mode) -> int:
    """Return for how many minutes a place is leased.

    Raises:
        StudyRestsError: If the study takes nobody in; a full one still says so by itself, with its paid way out.
    """
    row = db.execute(
        select(Study.state, Study.paused_because, Study.lease_minutes).where(Study.id == material.study_id)
    ).one()
    rests = row.state == "closed" or (row.state == "paused" and row.paused_because != FULL)
    if rests and mode in LIMITED_MODES:
        raise StudyRestsError(material.name, row.state, row.paused_because)
    return int(row.lease_minutes)


def pause(db: Db, material: Material, because: str, actor: str = audit.SYSTEM) -> bool:
    """Let nobody new in; those inside go on. Return whether the study was open."""
    is_open = update(Study).where(Study.id == material.study_id, Study.state == "open")
    found = db.execute(is_open.values(state="paused", paused_because=because[:200]).returning(Study.id)).first()
    if found is not None:
        audit.record(db, "pause", {"study": material.name, "because": because[:200]}, actor)
    return found is not None


def resume(db: Db, material: Material, actor: str) -> bool:
    """Let people in again; return whether the study was paused.

    Raises:
        SupersededError: If a newer version takes its place.
    """
    newest = studies.latest(db, material.series)
    if newest is not None and newest.id != material.study_id:
        raise SupersededError(material.name, newest.name)
    is_paused = update(Study).where(Study.id == material.study_id, Study.state == "paused")
    found = db.execute(is_paused.values(state="open", paused_because="").returning(Study.id)).first()
    if found is not None:
        audit.record(db, "resume", {"study": material.name}, actor)
    return found is not None


def reopen(db: Db, study_id: int) -> None:
    """Open a study that had paused because every place was taken, and has one again."""
    is_full = update(Study).where(Study.id == study_id, Study.state == "paused", Study.paused_because == FULL)
    db.execute(is_full.values(state="open", paused_because=""))


def close(db: Db, material: Material, actor: str) -> bool:
    """End a study for good: nobody comes any more, and the export tells what was chosen. Return whether it was open."""
    not_closed = update(Study).where(Study.id == material.study_id, Study.state != "closed")
    values = {"state": "closed", "paused_because": "", "closed_at": datetime.now(UTC)}
    found = db.execute(not_closed.values(**values).returning(Study.id)).first()
    if found is not None:
        audit.checkpoint(db, actor)
        audit.record(db, "close", {"study": material.name}, actor)
    return found is not None


WISHES: dict[str, Callable[[Db, Material, str], bool]] = {
    "pause": lambda db, material, actor: pause(db, material, f"paused by {actor}", actor),
    "resume": resume,
    "close": close,
}
"""What somebody at the desk may wish for a study."""


def state_of(db: Db, material: Material) -> tuple[str, str]:
    """Return a study's state, and why it is paused."""
    row = db.execute(select(Study.state, Study.paused_because).where(Study.id == material.study_id)).one()
    return row.state, row.paused_because

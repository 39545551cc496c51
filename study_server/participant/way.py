"""The way through a visit: consent, this browser's device, instructions, comprehension, trials, end."""

from flask import session, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from study_server import sessions
from study_server.ledger import Audit
from study_server.models import Session
from study_server.server import current_server
from study_server.studies import Material

COMPREHENSION = "comprehension"
PASSED = "understood"

_PAGES = {"started": "participant.consent", "finished": "participant.done", "declined": "participant.landing"}


def next_page(name: str, visit: Session) -> str:
    """Return the address of the page where a visit goes on."""
    if visit.state != "consented":
        return url_for(_PAGES.get(visit.state, "participant.over"), name=name)
    if not has_device(name):
        return url_for("gate.device", name=name)
    with current_server().database.reading() as db:
        is_under_way = len(sessions.trials_of(db, visit)) > sessions.count_missing(db, visit)
        goes_on = is_under_way and has_understood(db, current_server().material(name), visit)
    return url_for("participant.trials" if goes_on else "participant.instructions", name=name)


def has_device(name: str) -> bool:
    """Say whether this browser has passed the device gate; another browser of the same person has its own."""
    return bool(session.get(f"device:{name}"))


def note_device(name: str) -> None:
    """Remember in this browser's cookie that it has passed."""
    session[f"device:{name}"] = True


def has_understood(db: Db, material: Material, visit: Session) -> bool:
    """Say whether a visit has passed the comprehension check, or has none: simulated observers read nothing."""
    is_asked = bool(material.study.texts.comprehension) and visit.participant.mode != "bot"
    return not is_asked or count(db, visit, PASSED) > 0


def count(db: Db, visit: Session, what: str) -> int:
    """Return how many entries of a kind the chain of a visit has."""
    entries = select(func.count(Audit.id)).where(Audit.session_id == visit.id, Audit.what == what)
    return db.scalar(entries) or 0

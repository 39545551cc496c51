"""The way through a visit: consent, this browser's device, its card, instructions, comprehension, trials, end."""

from flask import session, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from study_server import sessions
from study_server.errors import StepMissingError, VisitUnknownError
from study_server.ledger import Audit
from study_server.models import Session
from study_server.server import current_server
from study_server.studies import Material

COMPREHENSION = "comprehension"
PASSED = "understood"
CONSENT, DEVICE, CARD, CHECK = "consent", "device check", "card", "comprehension check"

_PAGES = {"started": "participant.consent", "finished": "participant.done", "declined": "participant.landing"}
_STEPS = {
    CONSENT: "participant.consent",
    DEVICE: "gate.device",
    CARD: "calibration.card",
    CHECK: "participant.instructions",
}


def next_page(name: str, visit: Session) -> str:
    """Return the address of the page where a visit goes on."""
    if visit.state != "consented":
        return url_for(_PAGES.get(visit.state, "participant.over"), name=name)
    missing = missing_step(name, visit)
    if missing is not None:
        return url_for(_STEPS[missing], name=name)
    with current_server().database.reading() as db:
        is_under_way = len(sessions.trials_of(db, visit)) > sessions.count_missing(db, visit)
    return url_for("participant.trials" if is_under_way else "participant.instructions", name=name)


def require_way(name: str, visit: Session) -> None:
    """Refuse a visit that has not come to its trials, or is over.

    Raises:
        StepMissingError: If a step before the trials is missing.
        VisitUnknownError: If it is over.
    """
    if visit.state not in ("started", "consented"):
        raise VisitUnknownError
    missing = missing_step(name, visit)
    if missing is not None:
        raise StepMissingError(missing)


def missing_step(name: str, visit: Session) -> str | None:
    """Return the first step before the trials that a visit lacks in this browser, or none."""
    material = current_server().material(name)
    if visit.state == "started":
        return CONSENT
    if not has_passed(name, visit, DEVICE):
        return DEVICE
    if is_calibrated(material, visit) and not has_passed(name, visit, CARD):
        return CARD
    with current_server().database.reading() as db:
        return None if has_understood(db, material, visit) else CHECK


def has_passed(name: str, visit: Session, step: str) -> bool:
    """Say whether a visit has passed a step in this browser; another browser, on another screen, has its own."""
    return bool(session.get(f"{step}:{name}") == visit.token)


def note_passed(name: str, visit: Session, step: str) -> None:
    """Remember in this browser's cookie that the visit has passed a step."""
    session[f"{step}:{name}"] = visit.token


def is_calibrated(material: Material, visit: Session) -> bool:
    """Say whether a visit measures its screen with a card: simulated observers have none."""
    return material.study.design.card_calibration and visit.participant.mode != "bot"


def has_understood(db: Db, material: Material, visit: Session) -> bool:
    """Say whether a visit has passed the comprehension check, or has none: simulated observers read nothing."""
    is_asked = bool(material.study.texts.comprehension) and visit.participant.mode != "bot"
    return not is_asked or count(db, visit, PASSED) > 0


def count(db: Db, visit: Session, what: str) -> int:
    """Return how many entries of a kind the chain of a visit has."""
    entries = select(func.count(Audit.id)).where(Audit.session_id == visit.id, Audit.what == what)
    return db.scalar(entries) or 0

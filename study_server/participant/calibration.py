"""Measuring the screen with a bank card: how many device pixels a millimetre has, stored before the trials."""

from flask import Blueprint, abort, redirect, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response

from study_server import audit, sessions
from study_server.participant.visits import required_visit
from study_server.participant.way import CARD, DEVICE, has_passed, is_calibrated, next_page, note_passed
from study_server.server import current_server
from study_server.words import noted

calibration = Blueprint("calibration", __name__, url_prefix="/s/<name>")


class Card(BaseModel):
    """How large a card of 85.60 mm by 53.98 mm (ISO/IEC 7810, ID-1) is on this screen; none where nobody has one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width_px: float | None = Field(ge=20, le=20_000, description="of the card, device pixels")
    pixels_per_mm: float | None = Field(ge=0.2, le=200, description="device pixels")


@calibration.get("/card")
def card(name: str) -> str | Response:
    """Ask to lay a card on the screen and make the drawn one as large."""
    visit, material = required_visit(name), current_server().material(name)
    if visit.state != "consented" or not has_passed(name, visit, DEVICE) or not is_calibrated(material, visit):
        return redirect(next_page(name, visit), 303)
    return render_template("participant/card.html", material=material, visit=visit)


@calibration.post("/card")
def measure(name: str) -> Response:
    """Store the size of the card, or that there was none, in the chain of the visit, and go on."""
    server, visit, material = current_server(), required_visit(name), current_server().material(name)
    if visit.state == "consented" and has_passed(name, visit, DEVICE) and is_calibrated(material, visit):
        found = _read()
        server.database.write(lambda db: _store(db, visit.id, found))
        note_passed(name, visit, CARD)
    return redirect(next_page(name, visit), 303)


def _read() -> Card:
    if request.form.get("decision") == "none":
        return Card(width_px=None, pixels_per_mm=None)
    try:
        return Card.model_validate_json(request.form.get("found", ""))
    except ValidationError:
        abort(400, noted("The size of the card did not arrive. Go back and try it again."))


def _store(db: Db, visit_id: int, found: Card) -> None:
    audit.record_in(db, sessions.locked(db, visit_id), "card", found.model_dump(mode="json"))

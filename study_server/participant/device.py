"""The device gate: what this browser and its screen must be able to do, and what they are."""

from typing import Literal

from flask import Blueprint, abort, redirect, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response

from stimuli.studyfile import DeviceKind
from study_server import audit, sessions
from study_server.models import Session
from study_server.participant.visits import required_visit
from study_server.participant.way import DEVICE, next_page, note_passed
from study_server.server import current_server
from study_server.studies import Material
from study_server.words import noted

gate = Blueprint("gate", __name__, url_prefix="/s/<name>")


class Device(BaseModel):
    """What the browser says of itself; no more than the analysis needs, and nothing that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: DeviceKind
    engine: Literal["chromium", "gecko", "webkit", "other"]
    pixel_ratio: float = Field(gt=0, le=32)
    zoom: float = Field(gt=0, le=32, description="of pinching; the browser's own zoom is in the pixel ratio")
    window: tuple[int, int] = Field(description="CSS pixels, width and height")
    screen: tuple[int, int]
    scale: int = Field(ge=1, le=64, description="device pixels for each image pixel")
    frame_ms: float = Field(gt=0, le=10_000, description="median time between frames")
    gamut: Literal["srgb", "p3", "rec2020", "unknown"]
    is_isolated: bool = Field(description="crossOriginIsolated: the clock is fine")


@gate.get("/device")
def device(name: str) -> str | Response:
    """Let the browser look at itself, and offer a way out to those whose device cannot take part."""
    visit, material = required_visit(name), current_server().material(name)
    if visit.state != "consented":
        return redirect(next_page(name, visit), 303)
    return render_template("participant/device.html", material=material, visit=visit, image=_image(material))


@gate.post("/device")
def look(name: str) -> Response:
    """Store what the browser said and go on, or end the visit because the device cannot take part."""
    server, visit = current_server(), required_visit(name)
    if request.form.get("decision") == "leave":
        server.database.write(lambda db: sessions.screen_out(db, db.get_one(Session, visit.id), "device"))
    elif visit.state == "consented":
        try:
            facts = Device.model_validate_json(request.form.get("facts", ""))
        except ValidationError:
            abort(400, noted("The check of your screen did not work. Go back and try it again."))
        allowed = current_server().material(name).study.design.devices
        if facts.kind not in allowed and visit.participant.mode != "bot":
            abort(403, noted("This study is not for this kind of device. Go back: the page there lets you leave."))
        server.database.write(lambda db: _store(db, visit.id, facts))
        note_passed(name, visit, DEVICE)
    return redirect(next_page(name, server.database.write(lambda db: db.get_one(Session, visit.id))), 303)


def _store(db: Db, visit_id: int, facts: Device) -> None:
    visit = sessions.locked(db, visit_id)
    audit.record_in(db, visit, "device", facts.model_dump(mode="json"))


def _image(material: Material) -> dict[str, int]:
    """Return the size of the largest image, and how many stand in a trial."""
    stimuli = [stimulus for item in material.manifest.items for stimulus in item.stimuli.values()]
    count = 2 if material.study.design.task == "which-is-reference" else 3
    return {"width": max(s.width for s in stimuli), "height": max(s.height for s in stimuli), "count": count}

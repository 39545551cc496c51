"""What programs call at the desk, with the cookie of somebody who has logged in."""

from typing import Literal

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, ConfigDict, ValidationError

from study_server import monitor, states, studies
from study_server.experimenter.doors import require
from study_server.server import current_server

desk_api = Blueprint("desk_api", __name__, url_prefix="/desk/api")


class Wish(BaseModel):
    """What shall become of a study."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wish: Literal["pause", "resume", "close"]


@desk_api.get("/studies")
def list_studies() -> Response:
    """Return the names of all studies."""
    require("viewer")
    with current_server().database.reading() as db:
        return jsonify(studies=studies.names(db))


@desk_api.get("/studies/<name>")
def show(name: str) -> Response:
    """Return the state of a study in numbers: who came, how far; never what was chosen."""
    require("viewer")
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        overview = monitor.overview(db, material)
        state, because = states.state_of(db, material)
    return jsonify(
        study=name,
        state=state,
        because=because,
        alarm=server.watch.look().alarm,
        places=overview.places,
        answers=overview.answers,
        counts=overview.counts,
    )


@desk_api.post("/studies/<name>/state")
def change_state(name: str) -> Response:
    """Pause, resume or close a study; return whether that changed anything."""
    require("experimenter")
    try:
        wish = Wish.model_validate_json(request.get_data(cache=False)).wish
    except ValidationError:
        abort(422, f'Expected {{"wish": one of {", ".join(states.WISHES)}}}.')
    who = require("owner" if wish == "close" else "experimenter")
    material = current_server().material(name)
    changed = current_server().database.write(lambda db: states.WISHES[wish](db, material, who.name))
    return jsonify(changed=changed)

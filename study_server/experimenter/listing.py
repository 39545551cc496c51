"""The list of studies, each with its state and how far it is."""

from statistics import median
from typing import Any

from flask import render_template
from sqlalchemy.orm import Session as Db

from study_server import monitor, states, studies
from study_server.errors import StudyUnreadableError
from study_server.experimenter.desk import desk
from study_server.funnel import funnel
from study_server.server import Server, current_server


@desk.get("")
def list_studies() -> str:
    """List the studies."""
    server = current_server()
    with server.database.reading() as db:
        lines = [_line(server, db, name) for name in studies.names(db)]
    return render_template("desk/studies.html", lines=lines)


def _line(server: Server, db: Db, name: str) -> dict[str, Any]:
    """Return what the list says of a study; one that another version froze says that."""
    try:
        material = server.material(name)
    except StudyUnreadableError as error:
        return {"name": name, "fault": str(error)}
    overview = monitor.overview(db, material)
    minutes = overview.minutes("live")
    state, because = states.state_of(db, material)
    return {
        "name": name,
        "material": material,
        "state": state,
        "because": because,
        "people": funnel(overview.of("live")),
        "places": overview.places,
        "minutes": median(minutes) if minutes else None,
        "marked": sum(bool(row.marks) for row in overview.of("live")),
    }

"""The desk's blueprint: who may see it, and what every page of a study shows round its content."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from study_server import states
from study_server.experimenter.doors import open_door, visitor
from study_server.server import current_server

desk = Blueprint("desk", __name__, url_prefix="/desk")


@desk.before_request
def require_login() -> Response | None:
    """Let in who has logged in or comes with a signed link; show the login to everybody else."""
    if open_door(request.args.get("key", "")):
        return redirect(request.path, 303)
    if visitor() is not None or request.endpoint in ("desk.login", "desk.log_in"):
        return None
    if "HX-Request" in request.headers:  # a page that renews itself keeps what it shows
        abort(401, "Log in at the desk again.")
    return redirect(url_for("desk.login"), 303)


@desk.context_processor
def visitor_of_page() -> dict[str, Any]:
    """Give every page of the desk its visitor."""
    return {"who": visitor()}


def study_page(template: str, name: str, tab: str, **found: Any) -> str:
    """Return a page of one study.

    Args:
        template: Below templates/desk/.
        name: Of the study.
        tab: Which part of the desk it is.
        found: What the page shows.
    """
    server = current_server()
    material = server.material(name)
    with server.database.reading() as db:
        state, because = states.state_of(db, material)
    alarm = server.watch.look().alarm
    context = {"material": material, "state": state, "because": because, "alarm": alarm, "tab": tab}
    return render_template(f"desk/{template}", unpublished=states.UNPUBLISHED, **context, **found)

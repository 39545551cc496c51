"""The visit that a browser's cookie belongs to, and where it goes on."""

from flask import abort, session, url_for

from study_server import sessions
from study_server.models import Session
from study_server.server import current_server


def visit_of(name: str) -> Session | None:
    """Return this browser's visit to a study, if it has one."""
    token = session.get(f"visit:{name}")
    if not token:
        return None
    server = current_server()
    study_id = server.material(name).study_id
    with server.database.reading() as db:
        visit = sessions.find(db, token)
    return visit if visit is not None and visit.study_id == study_id else None


def required_visit(name: str) -> Session:
    """Return this browser's visit, or refuse the request."""
    current_server().material(name)
    visit = visit_of(name)
    if visit is None:
        abort(403, "This page belongs to a visit. Open the link to the study again to start or to go on.")
    return visit


def way_on(name: str, visit: Session) -> str:
    """Return the address of the page where a visit goes on."""
    if visit.state == "consented":
        with current_server().database.reading() as db:
            answered = len(sessions.trials_of(db, visit)) > sessions.count_missing(db, visit)
        return url_for("participant.trials" if answered else "participant.instructions", name=name)
    pages = {"started": ".consent", "finished": ".done", "declined": ".landing"}
    return url_for(f"participant{pages.get(visit.state, '.over')}", name=name)

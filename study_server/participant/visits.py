"""The visit that a browser's cookie belongs to."""

from flask import abort, session

from study_server import sessions
from study_server.models import Session
from study_server.server import current_server
from study_server.words import noted


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
        abort(403, noted("This page belongs to a visit. Open the link to the study again to start or to go on."))
    return visit

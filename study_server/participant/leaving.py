"""Leaving early, with or without one's answers, and a word at the end."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response

from study_server import audit, privacy, sessions
from study_server.participant.visits import required_visit, visit_of
from study_server.participant.way import next_page
from study_server.server import current_server

leaving = Blueprint("leaving", __name__, url_prefix="/s/<name>")

LONGEST_COMMENT = 2000


@leaving.get("/leave")
def leave(name: str) -> str:
    """Say what happens to the answers of somebody who leaves, and how to come back."""
    return render_template(
        "participant/leave.html", material=current_server().material(name), visit=visit_of(name), is_exit=True
    )


@leaving.post("/leave")
def withdraw(name: str) -> Response:
    """End the visit, and erase its answers if that is the wish."""
    server, visit = current_server(), required_visit(name)
    erase = request.form.get("answers") == "erase"

    def act(db: Db) -> None:
        stored = sessions.locked(db, visit.id)
        sessions.withdraw(db, stored)
        if erase and stored.state in ("withdrawn", "finished"):
            privacy.erase(db, stored, "participant")

    server.database.write(act)
    after = required_visit(name)
    return redirect(next_page(name, after), 303)


@leaving.get("/back")
def back(name: str) -> Response:
    """Lead back to where the visit goes on, or to the beginning."""
    visit = visit_of(name)
    return redirect(next_page(name, visit) if visit else url_for("participant.landing", name=name), 303)


@leaving.post("/comment")
def comment(name: str) -> Response:
    """Keep what a participant says about the study, in the chain of the visit; it is erased with the answers."""
    server, visit = current_server(), required_visit(name)
    words = request.form.get("comment", "").strip()[:LONGEST_COMMENT]

    def keep(db: Db) -> None:
        stored = sessions.locked(db, visit.id)
        if stored.state == "finished":
            audit.record_in(db, stored, "comment", {"text": words})

    if words:
        server.database.write(keep)
    return redirect(url_for("participant.done", name=name, thanks=1), 303)

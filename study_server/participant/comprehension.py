"""The comprehension check: a few questions after the instructions, with more than one try."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response

from study_server import audit, sessions
from study_server.models import Session
from study_server.participant import way
from study_server.participant.visits import required_visit
from study_server.participant.way import next_page
from study_server.server import current_server
from study_server.studies import Material

comprehension = Blueprint("comprehension", __name__, url_prefix="/s/<name>")


@comprehension.get("/check")
def ask(name: str) -> str | Response:
    """Ask what the instructions say; whoever has answered right, or is asked nothing, goes on."""
    visit, material = required_visit(name), current_server().material(name)
    if visit.state == "consented" and way.missing_step(name, visit) is None:
        return redirect(url_for("participant.trials", name=name), 303)
    if not _is_asked(name, visit):
        return redirect(next_page(name, visit), 303)
    with current_server().database.reading() as db:
        tried = way.count(db, visit, way.COMPREHENSION)
    left = material.study.design.comprehension_tries - tried
    return render_template("participant/check.html", material=material, visit=visit, tried=tried, left=left)


@comprehension.post("/check")
def judge(name: str) -> Response:
    """Judge the answers: on, once more, or out with the code for that."""
    server, visit, material = current_server(), required_visit(name), current_server().material(name)
    if not _is_asked(name, visit):
        return redirect(next_page(name, visit), 303)
    given = [request.form.get(f"answer-{i}", "") for i in range(len(material.study.texts.comprehension))]
    after = server.database.write(lambda db: _judge(db, material, visit.id, given))
    if after.state != "consented":
        return redirect(next_page(name, after), 303)
    return redirect(url_for(".ask", name=name), 303)


def _is_asked(name: str, visit: Session) -> bool:
    """Say whether the check is the next step of a visit."""
    return visit.state == "consented" and way.missing_step(name, visit) == way.CHECK


def _judge(db: Db, material: Material, visit_id: int, given: list[str]) -> Session:
    visit = sessions.locked(db, visit_id)
    if visit.state != "consented" or way.has_understood(db, material, visit):
        return visit
    wrong = [
        i for i, question in enumerate(material.study.texts.comprehension, 1) if given[i - 1] != str(question.right)
    ]
    audit.record_in(db, visit, way.COMPREHENSION if wrong else way.PASSED, {"wrong": wrong})
    db.flush()
    if way.count(db, visit, way.COMPREHENSION) >= material.study.design.comprehension_tries:
        sessions.screen_out(db, visit, way.COMPREHENSION)
    return visit

"""The participant's pages: parse, call a use case, render. A GET never changes what is stored."""

import re

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, session, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response as BaseResponse

from stimuli.manifest import Mode, image_path
from study_server import sessions
from study_server.errors import PlacesTakenError, UnfinishedError
from study_server.models import Session
from study_server.participant.showing import image_names, shown, visit_name
from study_server.server import current_server
from study_server.submission import Submission
from study_server.tokens import read_pass

participant = Blueprint("participant", __name__, url_prefix="/s/<name>")

EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@participant.get("")
def landing(name: str) -> str:
    """Say what the study is; starting is a click, so that a link preview starts nothing."""
    return render_template(
        "participant/landing.html",
        material=current_server().material(name),
        external_id=request.args.get("PROLIFIC_PID", ""),
        entry=request.args.get("pass", ""),
        resumes=(visit := _visit(name)) is not None and visit.state in ("consented", "finished"),
    )


@participant.post("/start")
def start(name: str) -> BaseResponse | tuple[str, int]:
    """Begin a visit, or go on with one."""
    server, material = current_server(), current_server().material(name)
    external_id = request.form.get("external_id", "")
    if external_id and not EXTERNAL_ID.fullmatch(external_id):
        abort(400, "The participant id in the link is damaged. Open the link again from where you found it.")
    mode, flags = _mode(name)
    visit = None if external_id or mode == "bot" else _visit(name)
    if visit is None or visit.state == "declined":
        try:
            with server.database.writing() as db:
                visit = sessions.start(db, material, mode, external_id or None, flags)
        except PlacesTakenError:
            return render_template("participant/full.html", material=material), 200
        session[f"visit:{name}"] = visit.token
    return redirect(_where_to_go_on(name, visit), 303)


@participant.get("/consent")
def consent(name: str) -> str | BaseResponse:
    """Show the information and ask for consent."""
    visit = _required_visit(name)
    if visit.state != "started":
        return redirect(_where_to_go_on(name, visit), 303)
    return render_template("participant/consent.html", material=current_server().material(name))


@participant.post("/consent")
def decide(name: str) -> BaseResponse | str:
    """Record consent, or end the visit without it."""
    server, material, visit = current_server(), current_server().material(name), _required_visit(name)
    agrees = request.form.get("decision") == "agree"
    with server.database.writing() as db:
        stored = db.get_one(Session, visit.id)
        sessions.agree(db, material, stored) if agrees else sessions.decline(db, stored)
    if agrees:
        return redirect(url_for(".instructions", name=name), 303)
    session.pop(f"visit:{name}", None)
    return render_template("participant/declined.html", material=material)


@participant.get("/instructions")
def instructions(name: str) -> str | BaseResponse:
    """Say what to do."""
    visit = _required_visit(name)
    if visit.state != "consented":
        return redirect(_where_to_go_on(name, visit), 303)
    return render_template("participant/instructions.html", material=current_server().material(name))


@participant.get("/trials")
def trials(name: str) -> str | BaseResponse:
    """Show the trial page; the program on it asks for what is unanswered."""
    server, visit = current_server(), _required_visit(name)
    if visit.state != "consented":
        return redirect(_where_to_go_on(name, visit), 303)
    return render_template(
        "participant/trials.html",
        material=server.material(name),
        visit_name=visit_name(server.settings.secret_key, visit),
    )


@participant.get("/trials.json")
def remaining(name: str) -> Response:
    """Name the unanswered trials and their images, and nothing else about them."""
    server, material, visit = current_server(), current_server().material(name), _required_visit(name)
    with server.database.reading() as db:
        every, missing = sessions.trials_of(db, visit), sessions.unanswered(db, visit)
    return jsonify(shown(server.settings.secret_key, material, visit, every, missing))


@participant.post("/answers")
def answer(name: str) -> Response | tuple[Response, int]:
    """Store one answer and acknowledge it after it is on the disk."""
    server, material, visit = current_server(), current_server().material(name), _required_visit(name)
    try:
        submission = Submission.model_validate_json(request.get_data())
    except ValidationError as error:
        return jsonify(error=f"{error.error_count()} fault(s) in the answer"), 422
    with server.database.writing() as db:
        trial = sessions.trial_at(db, visit, submission.trial)
        if trial is None:
            return jsonify(error="This visit has no such trial."), 404
        stored = sessions.answer(db, trial, submission)
    correct = sessions.is_correct(material, trial, stored.response) if trial.purpose == "practice" else None
    return jsonify(stored=True, uuid=stored.uuid, **({} if correct is None else {"correct": correct}))


@participant.get("/i/<token>.png")
def image(name: str, token: str) -> Response:
    """Send the bytes of one image exactly as they are stored, under a name that tells nothing."""
    server, material, visit = current_server(), current_server().material(name), _required_visit(name)
    with server.database.reading() as db:
        names = image_names(server.settings.secret_key, material, visit, sessions.trials_of(db, visit))
    if token not in names:
        abort(404, "There is no such image.")
    response = Response(image_path(material.folder, names[token]).read_bytes(), mimetype="image/png")
    response.headers["Cache-Control"] = "private, max-age=3600, immutable"
    return response


@participant.post("/finish")
def finish(name: str) -> BaseResponse:
    """End the visit once every trial has its answer; else lead back to the trials."""
    server, visit = current_server(), _required_visit(name)
    try:
        with server.database.writing() as db:
            sessions.finish(db, db.get_one(Session, visit.id))
    except UnfinishedError:
        return redirect(url_for(".trials", name=name), 303)
    return redirect(url_for(".done", name=name), 303)


@participant.get("/done")
def done(name: str) -> str | BaseResponse:
    """Thank, explain, and give the code under which the answers are kept."""
    visit = _required_visit(name)
    if visit.state != "finished":
        return redirect(_where_to_go_on(name, visit), 303)
    return render_template("participant/done.html", material=current_server().material(name), visit=visit)


@participant.get("/leave")
def leave(name: str) -> str:
    """Say what happens to the answers of somebody who leaves, and how to come back."""
    return render_template("participant/leave.html", material=current_server().material(name), visit=_visit(name))


def _mode(name: str) -> tuple[Mode, str]:
    entry = request.form.get("pass", "")
    if not entry:
        return "live", ""
    granted = read_pass(current_server().settings.secret_key, entry, name)
    if granted is None:
        abort(403, "This link is no longer valid. Ask for a new one.")
    return granted


def _visit(name: str) -> Session | None:
    token = session.get(f"visit:{name}")
    if not token:
        return None
    server = current_server()
    with server.database.reading() as db:
        visit = sessions.find(db, token)
    return visit if visit is not None and visit.study_id == server.material(name).study_id else None


def _required_visit(name: str) -> Session:
    current_server().material(name)
    visit = _visit(name)
    if visit is None:
        abort(403, "This page belongs to a visit. Open the link to the study again to start or to go on.")
    return visit


def _where_to_go_on(name: str, visit: Session) -> str:
    if visit.state == "consented":
        with current_server().database.reading() as db:
            answered = len(sessions.trials_of(db, visit)) - len(sessions.unanswered(db, visit))
        return url_for(".trials" if answered else ".instructions", name=name)
    return url_for({"started": ".consent", "finished": ".done"}.get(visit.state, ".landing"), name=name)

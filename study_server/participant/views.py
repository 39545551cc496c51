"""The participant's pages: parse, call a use case, render. A GET never changes what is stored."""

import hashlib
import re

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response as BaseResponse

from stimuli.manifest import Mode
from study_server import codes, metrics, sessions, states, studies
from study_server.errors import StudyRestsError, UnfinishedError
from study_server.models import Session
from study_server.participant.showing import stimuli_of
from study_server.participant.visits import required_visit, visit_of
from study_server.participant.way import CHECK, missing_step, next_page
from study_server.prolific import entry
from study_server.server import Server, current_server
from study_server.tokens import read_image_name, read_pass, visit_name
from study_server.words import noted

participant = Blueprint("participant", __name__, url_prefix="/s/<name>")

EXTERNAL_ID = {"live": re.compile(r"[0-9a-f]{24}")}
OTHER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@participant.get("")
def landing(name: str) -> str:
    """Say what the study is; starting is a click, so that a link preview starts nothing."""
    material = current_server().material(name)
    entry.look(material)
    return render_template(
        "participant/landing.html",
        material=material,
        external_id=request.args.get("PROLIFIC_PID", ""),
        submission_id=request.args.get("SESSION_ID", ""),
        entry=request.args.get("pass", ""),
        resumes=(visit := visit_of(name)) is not None and visit.state in ("consented", "finished"),
    )


@participant.post("/start")
def start(name: str) -> BaseResponse:
    """Begin a visit, or go on with one."""
    server, material = current_server(), current_server().material(name)
    mode, flags = _mode(name)
    arrival = entry.arrival(material, mode)
    external_id = arrival.participant_id
    if external_id and not EXTERNAL_ID.get(mode, OTHER_ID).fullmatch(external_id):
        abort(400, noted("The participant id in the link is damaged. Open the link again from where you found it."))
    visit = None if external_id or mode == "bot" else visit_of(name)
    if visit is None or visit.state == "declined":
        _require_health(name)
        visit = server.database.write(lambda db: entry.start(db, material, mode, arrival, flags))
        name = _remember(server, visit)
        metrics.STARTS.labels(mode, "full" if visit.state == "full" else "in").inc()
    return redirect(next_page(name, visit), 303)


@participant.get("/consent")
def consent(name: str) -> str | BaseResponse:
    """Show the information and ask for consent."""
    visit = required_visit(name)
    if visit.state != "started":
        return redirect(next_page(name, visit), 303)
    material = current_server().material(name)
    version = hashlib.sha256(material.study.texts.consent.encode()).hexdigest()[:8]
    return render_template("participant/consent.html", material=material, visit=visit, version=version)


@participant.post("/consent")
def decide(name: str) -> BaseResponse | str:
    """Record consent, or end the visit without it."""
    server, material, visit = current_server(), current_server().material(name), required_visit(name)
    agrees = request.form.get("decision") == "agree"

    def decide_it(db: Db) -> str:
        stored = db.get_one(Session, visit.id)
        sessions.agree(db, material, stored) if agrees else sessions.decline(db, stored)
        return codes.code_of(db, material.study_id, "no_consent")

    code = server.database.write(decide_it)
    if agrees:
        return redirect(url_for("gate.device", name=name), 303)
    session.pop(f"visit:{name}", None)
    return render_template("participant/declined.html", material=material, code=code, is_exit=True)


@participant.get("/instructions")
def instructions(name: str) -> str | BaseResponse:
    """Say what to do."""
    visit, material = required_visit(name), current_server().material(name)
    if visit.state != "consented" or missing_step(name, visit) not in (None, CHECK):
        return redirect(next_page(name, visit), 303)
    return render_template("participant/instructions.html", material=material, visit=visit)


@participant.get("/trials")
def trials(name: str) -> str | BaseResponse:
    """Show the trial page; the program on it opens the visit and asks for what is unanswered."""
    server, visit = current_server(), required_visit(name)
    if visit.state != "consented" or missing_step(name, visit) is not None:
        return redirect(next_page(name, visit), 303)
    return render_template(
        "participant/trials.html",
        material=server.material(name),
        visit_name=visit_name(server.settings.secret_key, visit.token),
    )


@participant.get("/i/<token>.png")
def image(name: str, token: str) -> Response:
    """Send the bytes of one image exactly as they are stored, under a name that tells nothing."""
    server, material, visit = current_server(), current_server().material(name), required_visit(name)
    said = read_image_name(server.settings.secret_key, visit.token, token)
    if said is None or visit.slot_id is None or visit.consented_at is None:
        abort(404, noted("There is no such image."))
    trial_index, place = said
    with server.database.reading() as db:
        trial = server.plans.trial(db, visit.slot_id, trial_index)
    return server.images.send(material, stimuli_of(material, trial)[place].sha256)


@participant.post("/finish")
def finish(name: str) -> BaseResponse:
    """End the visit once every trial has its answer; else lead back to the trials."""
    server, visit = current_server(), required_visit(name)
    try:
        server.database.write(lambda db: sessions.finish(db, db.get_one(Session, visit.id)))
    except UnfinishedError:
        return redirect(url_for(".trials", name=name), 303)
    return redirect(url_for(".done", name=name), 303)


@participant.get("/done")
def done(name: str) -> str | BaseResponse:
    """Thank, explain, and give the completion code, now that every answer is stored."""
    visit = required_visit(name)
    if visit.state != "finished":
        return redirect(next_page(name, visit), 303)
    code, material = _code(name, visit), current_server().material(name)
    thanks = "thanks" in request.args
    return render_template("participant/done.html", material=material, visit=visit, code=code, thanks=thanks)


@participant.get("/over")
def over(name: str) -> str | BaseResponse:
    """Say how a visit ended that did not go to its end, and give the code for that."""
    visit = required_visit(name)
    if visit.state not in codes.OUTCOMES or visit.state == "finished":
        return redirect(next_page(name, visit), 303)
    template = "full" if visit.state == "full" else "over"
    code, material = _code(name, visit), current_server().material(name)
    with current_server().database.reading() as db:
        why = codes.why_screened_out(db, visit)
    found = {"material": material, "visit": visit, "code": code, "why": why}
    return render_template(f"participant/{template}.html", is_exit=True, **found)


@participant.get("/accessibility")
def accessibility(name: str) -> str:
    """Say what the pages do for everybody, and what they cannot."""
    return render_template("participant/accessibility.html", material=current_server().material(name), is_exit=True)


def _code(name: str, visit: Session) -> str:
    with current_server().database.reading() as db:
        return codes.code_of(db, visit.study_id, codes.outcome_of(db, visit) or codes.OUTCOMES[visit.state])


def _require_health(name: str) -> None:
    """Let nobody in whose answers might not be kept, and pause the study for a person to look."""
    server, material = current_server(), current_server().material(name)
    alarm = server.watch.look().alarm
    if alarm:
        if not server.watch.look().write_probe:
            server.database.write(lambda db: states.pause(db, material, alarm))
        raise StudyRestsError(name, "paused", alarm)


def _remember(server: Server, visit: Session) -> str:
    """Keep the visit in the cookie and return the name of its study: who came before goes on in that version."""
    with server.database.reading() as db:
        name = studies.name_of(db, visit.study_id)
    session[f"visit:{name}"] = visit.token
    return name


def _mode(name: str) -> tuple[Mode, str]:
    entry = request.form.get("pass", "")
    if not entry:
        return "live", ""
    granted = read_pass(current_server().settings.secret_key, entry, name)
    if granted is None:
        abort(403, noted("This link is no longer valid. Ask for a new one."))
    return granted

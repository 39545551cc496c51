"""The monitor: a study's state in five seconds, each participant's visit, pause, resume and close."""

from dataclasses import asdict, replace
from statistics import median

from flask import Response, abort, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response as BaseResponse

from study_server import balance, monitor, states, telemetry, timeline
from study_server.errors import UnknownParticipantError
from study_server.experimenter import plots, table
from study_server.experimenter.desk import desk, study_page
from study_server.experimenter.doors import require
from study_server.funnel import funnel
from study_server.models import MODES, Participant, Session
from study_server.prolific import forms, submissions
from study_server.prolific.standing import standing
from study_server.quality import MARKS
from study_server.server import current_server
from study_server.studies import Material
from study_server.tokens import sign_pass


@desk.get("/<name>")
def show(name: str) -> str:
    """Show one study's monitor."""
    server, material = current_server(), current_server().material(name)
    mode = _mode()
    with server.database.reading() as db:
        overview = monitor.overview(db, material)
        stands, spent = standing(db, material), forms.spent(db, material)
        paid = {key: row.status.lower() for key, row in submissions.current(submissions.every(db, material)).items()}
        even, said = balance.balance(db, material, mode), telemetry.telemetry(db, material, mode)
    wish = table.read_wish(request.args)
    rows, spent_minutes = overview.of(mode), overview.minutes(mode)
    entry = sign_pass(server.settings.secret_key, name, "preview")
    return study_page(
        "study.html",
        name,
        "monitor",
        overview=overview,
        minutes=median(spent_minutes) if spent_minutes else None,
        rows=rows,
        funnel=funnel(rows),
        balance=even,
        telemetry=said,
        mode=mode,
        modes=[each for each in MODES if each == "live" or overview.of(each)],
        wish=wish,
        page=table.arrange(rows, replace(wish, mode="")),
        sorts=table.SORTS,
        stages=monitor.STAGES,
        marks=MARKS,
        pays=paid,
        pay=stands.pay,
        spent=spent,
        preview=f"{url_for('participant.landing', name=name)}?pass={entry}",
    )


@desk.get("/<name>/plots/<plot>.svg")
def plot(name: str, plot: str) -> Response:
    """Draw one of the monitor's pictures."""
    server, material, mode = current_server(), current_server().material(name), _mode()
    with server.database.reading() as db:
        if plot == "balance":
            drawn = plots.balance(balance.balance(db, material, mode))
        elif plot in ("arrivals", "minutes"):
            overview = monitor.overview(db, material)
            drawn = plots.arrivals(overview.of(mode)) if plot == "arrivals" else plots.minutes(overview.minutes(mode))
        else:
            abort(404, "There is no such picture; there are: arrivals, minutes, balance.")
    return Response(drawn, mimetype="image/svg+xml")


@desk.get("/<name>/visits/<pseudonym>")
def visit(name: str, pseudonym: str) -> str:
    """Show what happened in one visit, moment by moment; never what was chosen."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        stored = _find(db, material, pseudonym)
        row = next(row for row in monitor.overview(db, material).rows if row.session_id == stored.id)
        answered = timeline.replies(db, material, stored)
        moments = timeline.timeline(db, stored, answered)
    return study_page("visit.html", name, "monitor", row=row, moments=moments, conduct=asdict(row.conduct))


@desk.get("/<name>/visits/<pseudonym>.svg")
def visit_plot(name: str, pseudonym: str) -> Response:
    """Draw the response times of one visit."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        stored = _find(db, material, pseudonym)
        answered = timeline.replies(db, material, stored)
    planned = max((reply.trial_index + 1 for reply in answered), default=0)
    return Response(plots.response_times(answered, planned), mimetype="image/svg+xml")


@desk.post("/<name>/state")
def change_state(name: str) -> BaseResponse:
    """Pause, resume or close a study."""
    server, material, wish = current_server(), current_server().material(name), request.form.get("wish")
    if wish not in states.WISHES:
        abort(400, f"Expected one of: {', '.join(states.WISHES)}.")
    who = require("owner" if wish == "close" else "experimenter")
    if wish == "close" and request.form.get("typed") != name:
        abort(400, f"Type the study's name, {name}, to close it for good.")
    server.database.write(lambda db: states.WISHES[wish](db, material, who.name))
    return redirect(url_for("desk.show", name=name), 303)


def _mode() -> str:
    mode = request.args.get("mode", "live")
    return mode if mode in MODES else "live"


def _find(db: Db, material: Material, pseudonym: str) -> Session:
    """Return a visit by its pseudonym alone: an external id never stands in an address."""
    of_study = select(Session).join(Participant).where(Participant.study_id == material.study_id)
    found = db.scalar(of_study.where(Participant.pseudonym == pseudonym))
    if found is None:
        raise UnknownParticipantError(material.name)
    return found

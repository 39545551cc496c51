"""The desk's pages: the state of a study for those who run it."""

import io

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from study_server import accounts, export, monitor, states, studies
from study_server.experimenter.doors import close_door, open_door, require, visitor
from study_server.server import current_server
from study_server.tokens import sign_pass

desk = Blueprint("desk", __name__, url_prefix="/desk")


@desk.before_request
def require_login() -> BaseResponse | None:
    """Let in who has logged in or comes with a signed link; show the login to everybody else."""
    if open_door(request.args.get("key", "")):
        return redirect(request.path, 303)
    if visitor() is not None or request.endpoint in ("desk.login", "desk.log_in"):
        return None
    return redirect(url_for("desk.login"), 303)


@desk.get("/login")
def login() -> str:
    """Ask for name, password and one-time code."""
    return render_template("desk/login.html", has_accounts=_has_accounts())


@desk.post("/login")
def log_in() -> BaseResponse | tuple[str, int]:
    """Check name, password and one-time code."""
    name, password, totp = (request.form.get(field, "")[:200] for field in ("name", "password", "totp"))
    who = current_server().database.write(lambda db: accounts.log_in(db, name, password, totp.strip()))
    if who is None:
        return render_template("desk/login.html", has_accounts=_has_accounts(), wrong=True), 403
    session.clear()
    session["desk"] = who.name
    return redirect(url_for("desk.list_studies"), 303)


@desk.post("/logout")
def log_out() -> BaseResponse:
    """Leave the desk."""
    close_door()
    return redirect(url_for("desk.login"), 303)


@desk.get("")
def list_studies() -> str:
    """List the studies."""
    with current_server().database.reading() as db:
        names = studies.names(db)
    return render_template("desk/studies.html", names=names)


@desk.get("/<name>")
def show(name: str) -> str:
    """Show one study."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        overview = monitor.overview(db, material)
        taken = monitor.slots_taken(db, material, "live")
        state, because = states.state_of(db, material)
    entry = sign_pass(server.settings.secret_key, name, "preview")
    return render_template(
        "desk/study.html",
        material=material,
        overview=overview,
        taken=taken,
        state=state,
        because=because,
        alarm=server.watch.look().alarm,
        preview=f"{url_for('participant.landing', name=name)}?pass={entry}",
        who=visitor(),
    )


@desk.post("/<name>/state")
def change_state(name: str) -> BaseResponse:
    """Pause, resume or close a study."""
    server, material, wish = current_server(), current_server().material(name), request.form.get("wish")
    if wish not in states.WISHES:
        abort(400, f"Expected one of: {', '.join(states.WISHES)}.")
    who = require("owner" if wish == "close" else "experimenter")
    server.database.write(lambda db: states.WISHES[wish](db, material, who.name))
    return redirect(url_for("desk.show", name=name), 303)


@desk.get("/<name>/choices.<suffix>")
def download(name: str, suffix: str) -> Response:
    """Send the choices as a file; blinded until the study is closed."""
    require("experimenter")
    if suffix not in export.WRITERS:
        abort(404, f"There is no export '{suffix}'; there are: {', '.join(export.WRITERS)}.")
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        rows, is_blind = export.choices(db, material), export.is_blind(db, material)
    buffer = io.BytesIO()
    export.WRITERS[suffix](rows, export.columns(is_blind=is_blind), buffer)
    response = Response(buffer.getvalue(), mimetype=export.MIMETYPES[suffix])
    response.headers["Content-Disposition"] = f"attachment; filename={name}-choices.{suffix}"
    return response


def _has_accounts() -> bool:
    with current_server().database.reading() as db:
        return bool(accounts.every(db))

"""The desk: the state of a study for those who run it. Read-only."""

import hmac
import io

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from study_server import export, monitor, studies
from study_server.server import current_server
from study_server.tokens import is_desk_key, sign_pass

desk = Blueprint("desk", __name__, url_prefix="/desk")


@desk.before_request
def require_login() -> BaseResponse | None:
    """Let in who has logged in or comes with a signed link; show the login to everybody else."""
    key = request.args.get("key", "")
    if key and is_desk_key(current_server().settings.secret_key, key):
        session["desk"] = True
        return redirect(request.path, 303)
    if session.get("desk") or request.endpoint in ("desk.login", "desk.log_in"):
        return None
    return redirect(url_for("desk.login"), 303)


@desk.get("/login")
def login() -> str:
    """Ask for the password."""
    return render_template("desk/login.html", has_password=current_server().settings.desk_password is not None)


@desk.post("/login")
def log_in() -> BaseResponse | tuple[str, int]:
    """Check the password."""
    password = current_server().settings.desk_password
    if password is None or not hmac.compare_digest(request.form.get("password", "").encode(), password.encode()):
        return render_template("desk/login.html", has_password=password is not None, wrong=True), 403
    session["desk"] = True
    return redirect(url_for("desk.list_studies"), 303)


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
    entry = sign_pass(server.settings.secret_key, name, "preview")
    preview = f"{url_for('participant.landing', name=name)}?pass={entry}"
    return render_template("desk/study.html", material=material, overview=overview, taken=taken, preview=preview)


@desk.get("/<name>/choices.<suffix>")
def download(name: str, suffix: str) -> Response:
    """Send the choices as a file."""
    if suffix not in export.WRITERS:
        abort(404, f"There is no export '{suffix}'; there are: {', '.join(export.WRITERS)}.")
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        rows = export.choices(db, material)
    buffer = io.BytesIO()
    export.WRITERS[suffix](rows, buffer)
    response = Response(buffer.getvalue(), mimetype=export.MIMETYPES[suffix])
    response.headers["Content-Disposition"] = f"attachment; filename={name}-choices.{suffix}"
    return response

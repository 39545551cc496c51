"""The way into the desk and out of it."""

from flask import redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from study_server import accounts
from study_server.experimenter.desk import desk
from study_server.experimenter.doors import close_door
from study_server.server import current_server


@desk.get("/login")
def login() -> str:
    """Ask for name, password and one-time code."""
    return render_template("desk/login.html", has_accounts=_has_accounts())


@desk.post("/login")
def log_in() -> Response | tuple[str, int]:
    """Check name, password and one-time code."""
    name, password, totp = (request.form.get(field, "")[:200] for field in ("name", "password", "totp"))
    who = current_server().database.write(lambda db: accounts.log_in(db, name, password, totp.strip()))
    if who is None:
        return render_template("desk/login.html", has_accounts=_has_accounts(), wrong=True), 403
    session.clear()
    session["desk"] = who.name
    return redirect(url_for("desk.list_studies"), 303)


@desk.post("/logout")
def log_out() -> Response:
    """Leave the desk."""
    close_door()
    return redirect(url_for("desk.login"), 303)


def _has_accounts() -> bool:
    with current_server().database.reading() as db:
        return bool(accounts.every(db))

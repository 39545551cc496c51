"""Headers of every response, and a token in every form."""

import hmac
import secrets

from flask import Flask, Response, abort, request, session

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
REPORT_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
"""The report is one self-contained file with styles and pictures inside, and no script."""


def guard(app: Flask) -> None:
    """Add the headers and the form check to an app."""
    app.before_request(_check_form)
    app.after_request(_add_headers)
    app.jinja_env.globals["form_token"] = form_token


def form_token() -> str:
    """Return the token that this browser's forms carry; it lives in the signed cookie."""
    if "form" not in session:
        session["form"] = secrets.token_urlsafe(16)
    return str(session["form"])


def _check_form() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent = request.form.get("form_token") or request.headers.get("X-Form-Token", "")
    if "form" not in session or not hmac.compare_digest(sent.encode(), str(session["form"]).encode()):
        abort(400, "This page has expired. Open the link to the study again; your answers so far are kept.")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store"
    return response

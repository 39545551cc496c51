"""Headers of every response, a token in every form, the right origin for every call of a program."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf

from study_server.problems import FAILED, answer
from study_server.words import noted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "private, no-store",
}
HSTS = "max-age=31536000; includeSubDomains"
REPORT_POLICY = "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
"""The report is one self-contained file with styles and pictures inside, and no script."""

API = ("api", "desk_api")
EXPIRED = noted("This page has expired. Open the link to the study again; your answers so far are kept.")
HOOK = "hook"
"""No browser calls it: what comes there shows a signature, and neither a form's token nor an origin."""


def guard(app: Flask, *, is_tls: bool) -> None:
    """Add the headers, the form check and the origin check to an app.

    Args:
        app: With its blueprints.
        is_tls: Whether people reach it over HTTPS only.
    """
    app.config.update(
        WTF_CSRF_FIELD_NAME="form_token",
        WTF_CSRF_HEADERS=["X-Form-Token"],
        WTF_CSRF_TIME_LIMIT=None,  # a consent page may be read slowly; the token lives as long as the cookie
        WTF_CSRF_SSL_STRICT=False,  # it would want a referrer, and our pages send none
    )
    forms = CSRFProtect(app)
    for name in (*API, HOOK):
        forms.exempt(app.blueprints[name])
    app.before_request(_check_origin)
    headers = {**HEADERS, "Strict-Transport-Security": HSTS} if is_tls else HEADERS
    app.wsgi_app = _Headers(app.wsgi_app, headers)  # type: ignore[method-assign] # Flask's documented way
    app.jinja_env.globals["form_token"] = generate_csrf

    @app.errorhandler(CSRFError)
    def expired(error: CSRFError) -> Response:
        return answer(400, FAILED, EXPIRED)


def _check_origin() -> None:
    """Refuse a call of a program that does not come from a page of ours; browsers cannot be made to lie here."""
    if request.blueprint not in API or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = urlsplit(request.headers.get("Origin", ""))
    is_right_scheme = origin.scheme == "https" or not current_app.config["SESSION_COOKIE_SECURE"]
    if origin.netloc != request.host or not is_right_scheme:
        abort(403, "This call does not come from a page of this server.")


class _Headers:
    """WSGI's border: every response gets the headers that it does not have yet, whoever made it."""

    def __init__(self, app: "WSGIApplication", headers: dict[str, str]) -> None:
        self._app, self._headers = app, [(name.lower(), (name, value)) for name, value in headers.items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        """Answer a request."""

        def start(status: str, found: list[tuple[str, str]], exc_info: Any = None) -> Any:
            names = {name.lower() for name, _ in found}
            missing = [pair for name, pair in self._headers if name not in names]
            return start_response(status, found + missing, exc_info)

        return self._app(environ, start)

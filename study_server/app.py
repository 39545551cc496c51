"""`create_app` wires settings, database, blueprints and error pages together."""

from flask import Flask, Request, Response, send_from_directory
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from study_server import limits, logs, problems, schema, security, words
from study_server.errors import MissingSettingError
from study_server.experimenter.api import desk_api
from study_server.experimenter.views import desk
from study_server.operations import ops
from study_server.participant.api import api
from study_server.participant.calibration import calibration
from study_server.participant.comprehension import comprehension
from study_server.participant.device import gate
from study_server.participant.leaving import leaving
from study_server.participant.views import participant
from study_server.production import require_safe
from study_server.prolific import faults
from study_server.prolific.hook import hook
from study_server.prolific.way_back import completion_url
from study_server.server import Server, markdown
from study_server.settings import Settings

MAX_BODY_BYTES = 64 * 1024


def create_app(settings: Settings, *, logs_requests: bool = False) -> Flask:
    """Return the web application.

    Raises:
        MissingSettingError: If the secret key is empty.
        UnsafeProductionError: If this is production, and it is not safe.
        DatabaseUnreachableError: If no database answers.
        DatabaseNotMigratedError: If its tables are not those of this program.
    """
    if not settings.secret_key:
        raise MissingSettingError("SECRET_KEY", "a long random text that stays the same for the life of a study")
    app = Flask(__name__)
    require_safe(settings, debug=app.debug)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        SESSION_COOKIE_NAME="__Host-visit" if settings.secure_cookies else "visit",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        LOGS_REQUESTS=logs_requests,
    )
    app.extensions["budgetfusion"] = Server(settings, schema.open_database(settings.database_url))
    app.session_interface = _Cookies()
    app.jinja_env.filters["markdown"] = markdown
    _speak(app)
    for blueprint in (participant, gate, calibration, comprehension, leaving, api, desk, desk_api, ops, hook):
        app.register_blueprint(blueprint)
    problems.register(app)
    faults.register(app)
    logs.follow(app)
    security.guard(app, is_tls=settings.secure_cookies)
    limits.limit(app)
    if settings.report is not None:
        _add_report(app, settings)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # Flask's documented way
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    return app


def _speak(app: Flask) -> None:
    """Let the templates say their words in the language of the study."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(words._, words.of_many, newstyle=True)  # type: ignore[attr-defined]
    said = {"language": words.language, "direction": words.direction}
    app.jinja_env.globals["completion_url"] = completion_url
    app.jinja_env.globals |= said | {"program_words": lambda: words.of_programs(words.language())}


class _Cookies(SecureCookieSessionInterface):
    """Flask's signed cookies; a call without one, as answers come, is not made to wait for the signing."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie holds."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def _add_report(app: Flask, settings: Settings) -> None:
    folder = settings.report.resolve() if settings.report else None

    def report(name: str = "index.html") -> Response:
        response = send_from_directory(str(folder), name)
        response.headers["Content-Security-Policy"] = security.REPORT_POLICY
        return response

    app.add_url_rule("/report/", "report", report)
    app.add_url_rule("/report/<path:name>", "report", report)

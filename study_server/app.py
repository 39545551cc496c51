"""`create_app` wires settings, database, blueprints and error pages together."""

from flask import Flask, Response, jsonify, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from study_server import schema, security
from study_server.errors import AnswerConflictError, MissingSettingError, StudyUnreadableError, UnknownStudyError
from study_server.experimenter.views import desk
from study_server.participant.views import participant
from study_server.server import Server, markdown
from study_server.settings import Settings

MAX_BODY_BYTES = 64 * 1024


def create_app(settings: Settings) -> Flask:
    """Return the web application.

    Raises:
        MissingSettingError: If the secret key is empty.
        DatabaseUnreachableError: If no database answers.
        DatabaseNotMigratedError: If its tables are not those of this program.
    """
    if not settings.secret_key:
        raise MissingSettingError("SECRET_KEY", "a long random text that stays the same for the life of a study")
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SESSION_COOKIE_NAME="visit",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
    )
    app.extensions["budgetfusion"] = Server(settings, schema.open_database(settings.database_url))
    app.jinja_env.filters["markdown"] = markdown
    security.guard(app)
    app.register_blueprint(participant)
    app.register_blueprint(desk)
    app.add_url_rule("/healthz", view_func=healthz)
    _add_error_pages(app)
    if settings.report is not None:
        _add_report(app, settings)
    return app


def healthz() -> Response:
    """Say that the program runs; open_database has proved the tables."""
    return jsonify(status="ok")


def _add_report(app: Flask, settings: Settings) -> None:
    folder = settings.report.resolve() if settings.report else None

    def report(name: str = "index.html") -> Response:
        response = send_from_directory(str(folder), name)
        response.headers["Content-Security-Policy"] = security.REPORT_POLICY
        return response

    app.add_url_rule("/report/", "report", report)
    app.add_url_rule("/report/<path:name>", "report", report)


def _add_error_pages(app: Flask) -> None:
    @app.errorhandler(UnknownStudyError)
    def unknown(error: UnknownStudyError) -> tuple[str, int]:
        return _page("There is no study here", "Check the address that you were given, or ask who sent it to you.", 404)

    @app.errorhandler(StudyUnreadableError)
    def unreadable(error: StudyUnreadableError) -> tuple[str, int]:
        app.logger.error("%s", error)
        return _page("This study rests at the moment", "Nothing is lost. Please tell the person who invited you.", 503)

    @app.errorhandler(AnswerConflictError)
    def conflict(error: AnswerConflictError) -> tuple[Response, int]:
        return jsonify(error=str(error)), 409

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> BaseResponse | tuple[str | Response, int]:
        code = error.code or 500
        if code < 400:
            return error.get_response()
        if request.headers.get("Accept") == "application/json":
            return jsonify(error=error.description), code
        return _page("That did not work", error.description or error.name, code)


def _page(title: str, text: str, status: int) -> tuple[str, int]:
    return render_template("message.html", title=title, text=text), status

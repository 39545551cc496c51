"""What went wrong, said to a browser as a page and to a program as a problem document (RFC 9457)."""

import json
import re

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from study_server.errors import (
    AnswerConflictError,
    DatabaseAwayError,
    DatabaseFullError,
    StepMissingError,
    StudyRestsError,
    StudyServerError,
    StudyUnreadableError,
    TrialUnknownError,
    UnfinishedError,
    UnknownParticipantError,
    UnknownStudyError,
    VisitUnknownError,
)
from study_server.words import _, noted

RETRY_AFTER_S = 2
UNNAMED = "about:blank"
RESTS = (
    noted("This study rests at the moment"),
    noted("Nothing is lost. Please tell the person who invited you, or try later."),
)
FAILED = noted("That did not work")
PLAIN = {
    404: noted("There is no page at this address."),
    405: noted("Nothing can be sent to this address."),
    413: noted("What was sent is too large."),
}
"""Words for an HTTP error that says nothing of its own."""

STATUSES: dict[type[StudyServerError], tuple[int, str, str]] = {
    UnknownStudyError: (404, noted("There is no study here"), noted("Check the address, or ask who sent it to you.")),
    UnknownParticipantError: (404, "There is no such participant", ""),
    VisitUnknownError: (401, "This visit is not open here", ""),
    StepMissingError: (403, "A step of the visit is missing", ""),
    TrialUnknownError: (404, "There is no such trial", ""),
    AnswerConflictError: (409, "The trial has another answer", ""),
    UnfinishedError: (409, "Trials are unanswered", ""),
    StudyRestsError: (503, *RESTS),
    StudyUnreadableError: (503, *RESTS),
    DatabaseFullError: (503, *RESTS),
    DatabaseAwayError: (503, *RESTS),
}
"""Status and title of each error, and the words for a person; none: the error's own, which tell no secret."""


def register(app: Flask) -> None:
    """Answer every expected error, and every error of HTTP, in words."""

    @app.errorhandler(StudyServerError)
    def expected(error: StudyServerError) -> BaseResponse:
        status, title, words = STATUSES.get(type(error), (500, FAILED, noted("Please try again.")))
        if status >= 500:
            app.logger.error("%s", error)
        return answer(status, title, words or str(error), kind_of(error))

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> BaseResponse:
        code = error.code or 500
        if code < 400:
            return error.get_response()
        is_plain = error.description in (None, type(error).description)
        words = PLAIN.get(code, error.description) if is_plain else error.description
        response = answer(code, FAILED, words or error.name)
        response.headers.extend(
            (name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")
        )
        return response


def kind_of(error: StudyServerError) -> str:
    """Return the name of a problem, for programs: of StepMissingError, 'urn:budgetfusion:problem:step-missing'."""
    words = re.findall("[A-Z][a-z]+", type(error).__name__.removesuffix("Error"))
    return f"urn:budgetfusion:problem:{'-'.join(words).lower()}"


def answer(status: int, title: str, text: str, kind: str = UNNAMED) -> Response:
    """Return a problem to a program and a page to a browser."""
    response = problem(status, title, text, kind) if is_program() else page(title, text, status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def problem(status: int, title: str, detail: str, kind: str = UNNAMED) -> Response:
    """Return a problem document; `kind` is its type."""
    body = {"type": kind, "title": title, "status": status, "detail": detail}
    return Response(json.dumps(body), status, mimetype="application/problem+json")


def page(title: str, text: str, status: int) -> Response:
    """Return a page of few words, in the language of the study."""
    return Response(render_template("message.html", title=_(title), text=_(text)), status, mimetype="text/html")


def is_program() -> bool:
    """Say whether the request comes from a program: it is one of the API's, or asks for JSON."""
    return (request.endpoint or "").startswith(
        ("api.", "desk_api.", "hook.")
    ) or request.accept_mimetypes.best == "application/json"

"""What goes wrong with Prolific, said to whoever waits for the page: a participant learns what to do, not why."""

from flask import Flask
from werkzeug.wrappers import Response

from prolific_config.errors import EntryTokenError, ProlificError
from study_server.problems import RESTS, answer
from study_server.words import noted

AGAIN = noted("Please open the study again from Prolific")
TOO_OLD = noted(
    "The link to this study has been used or is too old. Go back to Prolific and open the study from there."
)


def register(app: Flask) -> None:
    """Answer every expected error around Prolific that a view did not."""

    @app.errorhandler(EntryTokenError)
    def refused(error: EntryTokenError) -> Response:
        app.logger.warning("%s", error)
        return answer(403, AGAIN, TOO_OLD)

    @app.errorhandler(ProlificError)
    def failed(error: ProlificError) -> Response:
        app.logger.error("%s", error)
        return answer(503, *RESTS)

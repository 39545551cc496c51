"""The thinnest app that stores an answer: Flask, one route, one INSERT, COMMIT. What the stack can do at most.

No session, no check, no chain: the row comes with the request. Run by `benchmarks.capacity` under the same gunicorn.
"""

import threading
from typing import Any

import psycopg
from flask import Flask, Response, jsonify, request

from study_server.serving import THREADS, listen, memory_folder
from study_server.settings import Settings
from study_server.workers import Workers

INSERT = (
    "INSERT INTO answer (session_id, trial_id, uuid, response, rt_ms, shown_at, answered_at, flags, position, salt, "
    "link) VALUES (%(session_id)s, %(trial_id)s, %(uuid)s, %(response)s, %(rt_ms)s, %(shown_at)s, now(), '', "
    "%(position)s, %(salt)s, %(link)s)"
)
"""The row of the study server, with its constraints and indexes: the table is the same."""


class Thinnest(Workers):
    """gunicorn as the study server runs it, with another app."""

    def load(self) -> Flask:
        """Make the app of one worker; each of its threads has a persistent connection."""
        app, own = Flask(__name__), threading.local()

        @app.post("/answers")
        def answer() -> Response:
            row: dict[str, Any] = request.get_json()
            if not hasattr(own, "connection"):
                own.connection = psycopg.connect(self._settings.database_url)
            with own.connection.transaction():
                own.connection.execute(INSERT, row)
            return jsonify(stored=True, uuid=row["uuid"])

        @app.get("/readyz")
        def ready() -> Response:
            return jsonify(status="ok")

        return app


def serve(url: str, port: int, workers: int) -> None:
    """Serve until interrupted."""
    Thinnest(Settings("none", url), listen("127.0.0.1", port), workers, THREADS, memory_folder()).run()

"""Logs as JSON, one object on each line; an id stands in them as a hash, and an address of the web not at all."""

import logging
import sys
import time

import structlog
from flask import Flask, Response, g, request, session
from structlog.typing import Processor

from study_server import metrics
from study_server.tokens import hashed

_QUIET = {"static", "participant.image", "api.answer", "ops.live", "ops.ready", "ops.metrics"}
"""Endpoints that are asked so often that only their failures are logged."""

log = structlog.get_logger("budgetfusion")


def configure(level: str = "INFO") -> None:
    """Send every log of this process to standard error as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=structlog.processors.JSONRenderer())
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)


def follow(app: Flask) -> None:
    """Count every request, and log those that are rare or fail."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        endpoint = request.endpoint or "none"
        metrics.SECONDS.labels(endpoint).observe(seconds)
        app.extensions["budgetfusion"].watch.count(response.status_code >= 500)
        if response.status_code >= 400:
            metrics.PROBLEMS.labels(endpoint, response.status_code).inc()
        if app.config["LOGS_REQUESTS"] and (response.status_code >= 400 or endpoint not in _QUIET):
            _write(endpoint, response.status_code, seconds, app.config["SECRET_KEY"])
        return response


def _write(endpoint: str, status: int, seconds: float, secret_key: str) -> None:
    study = (request.view_args or {}).get("name")
    token = session.get(f"visit:{study}")
    visit = hashed(secret_key, token) if token else None
    log.info("request", endpoint=endpoint, status=status, ms=round(seconds * 1000, 1), study=study, visit=visit)

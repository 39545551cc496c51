"""Counters for Prometheus, behind a token; several workers add up through a shared folder."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

ANSWERS = Counter("budgetfusion_answers", "Answers acknowledged; again: a repeat of a stored one", ["kind"])
STARTS = Counter("budgetfusion_starts", "Visits begun", ["mode", "outcome"])
WEBHOOKS = Counter("budgetfusion_webhooks", "Webhooks of Prolific, by what became of them", ["heard"])
PROBLEMS = Counter("budgetfusion_problems", "Responses of status 400 and above", ["endpoint", "status"])
SECONDS = Histogram(
    "budgetfusion_request_seconds",
    "Time from request to response",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
FREE_MB = Gauge("budgetfusion_free_megabytes", "Free disk of the database", multiprocess_mode="mostrecent")
ALARM = Gauge("budgetfusion_alarm", "1 while something is wrong with this machine", multiprocess_mode="max")


def exposition() -> tuple[bytes, str]:
    """Return all counters as text for Prometheus, and its content type."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST
    return generate_latest(), CONTENT_TYPE_LATEST

"""gunicorn's master and its workers, each with an app and a database of its own."""

import os
import socket
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from study_server import logs
from study_server.app import create_app
from study_server.settings import Settings

GRACE_S = 20


class Workers(BaseApplication):  # type: ignore[misc] # gunicorn ships no types
    """The program that gunicorn runs.

    Args:
        settings: Of every worker.
        listener: The port, already taken.
        count: Worker processes.
        threads: Threads of each.
        folder: Where their heartbeats lie; none: gunicorn's choice.
    """

    def __init__(
        self, settings: Settings, listener: socket.socket, count: int, threads: int, folder: str | None
    ) -> None:
        self._settings, self._listener, self._count, self._threads = settings, listener, count, threads
        self._folder = folder
        super().__init__()

    def load_config(self) -> None:
        """Say how to run."""
        for name, value in {
            "bind": f"fd://{self._listener.fileno()}",
            "workers": self._count,
            "threads": self._threads,
            "worker_class": "gthread",
            "graceful_timeout": GRACE_S,
            "timeout": 60,
            "keepalive": 75,
            "worker_tmp_dir": self._folder,
            "proc_name": "budgetfusion",
            "loglevel": "warning",
            "child_exit": _forget,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the app of one worker, after the fork: connections are not shared."""
        logs.configure()
        return create_app(self._settings, logs_requests=True)


def _forget(_server: Any, worker: Any) -> None:
    """Let the counters of a worker that ended be added up without its gauges."""
    from prometheus_client import multiprocess

    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)

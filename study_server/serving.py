"""Serving the app: with gunicorn's workers for good, or with waitress on a free port for the length of a block."""

import contextlib
import errno
import logging
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from study_server import schema, studies
from study_server.app import create_app
from study_server.errors import AddressError, PortTakenError
from study_server.production import require_safe
from study_server.settings import Settings
from study_server.tokens import sign_desk_key

THREADS = 8
BACKLOG = 2048
logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
LOOPBACK = "127.0.0.1"


def serve(settings: Settings, listener: socket.socket, workers: int = 1) -> None:
    """Serve on a port that `listen` took, until interrupted; workers share nothing but the database.

    Args:
        settings: Of every worker.
        listener: The port.
        workers: Processes; SQLite has one writer at a time, so one is best there.
    """
    schema.open_database(settings.database_url).close()  # refuse here, once, and not in every worker
    require_safe(settings)
    try:
        if sys.platform == "win32":
            create_server(create_app(settings), sockets=[listener], threads=THREADS).run()
        else:
            _with_gunicorn(settings, listener, workers)
    finally:
        with contextlib.suppress(OSError):  # gunicorn has closed it already
            listener.close()


def memory_folder() -> str | None:
    """Return a folder in memory, if there is one: counters and heartbeats never wait for the disk of the database."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a new folder of our own is made in it


def _with_gunicorn(settings: Settings, listener: socket.socket, workers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="budgetfusion-metrics-", dir=memory_folder()) as folder:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        from study_server.workers import Workers  # after the variable, which the counters read when imported

        Workers(settings, listener, workers, THREADS, memory_folder()).run()


def links(settings: Settings, url: str, name: str | None, *, with_desk: bool) -> list[str]:
    """Return a line for each thing to look at, of one study or of all.

    Args:
        settings: Those of the server to come.
        url: Its address.
        name: A study; none: all.
        with_desk: Whether to show links that open the desk without a password.

    Raises:
        UnknownStudyError: If there is no study of this name.
    """
    database = schema.open_database(settings.database_url)
    with database.reading() as db:
        names = [studies.read_material(db, name).name] if name else list(studies.names(db))
    database.close()
    key = f"?key={sign_desk_key(settings.secret_key)}" if with_desk else ""
    lines = [f"Take the study  {url}/s/{each}" for each in names]
    lines += [f"The desk        {url}/desk/{each}{key}" for each in names]
    lines += [f"The report      {url}/report/"] if settings.report else []
    return [*lines, "Ctrl-C stops the server."]


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve on a free loopback port in a thread; yield the address, e.g. 'http://127.0.0.1:40123'."""
    app = create_app(settings)
    listener = listen(LOOPBACK, 0)
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, sockets=[listener], threads=THREADS)
    stopped = threading.Event()
    thread = threading.Thread(target=_loop, args=(sockets, stopped), daemon=True)
    thread.start()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)
        app.extensions["budgetfusion"].database.close()


def listen(host: str, port: int) -> socket.socket:
    """Take a port before anything else is done.

    Raises:
        PortTakenError: If another program listens there.
        AddressError: If this machine cannot listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.set_inheritable(True)  # gunicorn's workers accept from it
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(host, port) from error
        raise AddressError(host, port, str(error.strerror)) from error
    return listener


def _loop(sockets: dict[int, Any], stopped: threading.Event) -> None:
    while not stopped.is_set():
        wasyncore.loop(timeout=0.05, use_poll=True, map=sockets, count=1)

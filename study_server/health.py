"""Whether this machine can keep what people give it: the write probe, the disk, the rate of errors.

What fails pauses the intake: nobody new is let in, those inside go on.
"""

import shutil
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert, make_url
from sqlalchemy.exc import DBAPIError

from study_server.db import Database
from study_server.errors import DatabaseAwayError, DatabaseFullError
from study_server.ledger import Probe
from study_server.settings import Settings

FRESH_S = 5.0
WINDOW_S = 60.0
MIN_REQUESTS = 20
MAX_ERROR_SHARE = 0.05


@dataclass(frozen=True)
class Health:
    """What is wrong with this machine, by name; empty texts are well."""

    write_probe: str
    disk: str
    errors: str

    @property
    def alarm(self) -> str:
        """The faults in one line; empty if there is none."""
        return "; ".join(fault for fault in (self.write_probe, self.disk, self.errors) if fault)


class Watch:
    """Looks after one worker's health; what it finds is fresh for a few seconds."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database, self._min_free_mb = database, settings.min_free_mb
        self._requests: deque[tuple[float, bool]] = deque(maxlen=10_000)
        self._lock = threading.Lock()
        self._health, self._looked_at = Health("", "", ""), -FRESH_S

    def count(self, failed: bool) -> None:
        """Count a request, and whether it was our fault that it failed."""
        self._requests.append((time.monotonic(), failed))

    def look(self, *, now: bool = False) -> Health:
        """Return the health, as of a few seconds ago or of `now`."""
        with self._lock:
            if now or time.monotonic() - self._looked_at > FRESH_S:
                self._health = Health(self._probe(), self._disk(), self._errors())
                self._looked_at = time.monotonic()
            return self._health

    def free_mb(self) -> float:
        """Return the free space where the database's file lies, or here if the database is elsewhere, megabytes."""
        file = make_url(self._database.url).database if self._database.is_sqlite else None
        return shutil.disk_usage(Path(file).parent if file else Path.cwd()).free / 1e6

    def _probe(self) -> str:
        try:
            with self._database.connecting() as connection:
                connection.execute(delete(Probe))
                connection.execute(insert(Probe), {"written_at": datetime.now(UTC)})
        except (DatabaseFullError, DatabaseAwayError, DBAPIError) as error:
            return f"the write probe fails ({type(error).__name__})"
        return ""

    def _disk(self) -> str:
        free = self.free_mb()
        return f"{free:.0f} MB of disk are free, expected {self._min_free_mb}" if free < self._min_free_mb else ""

    def _errors(self) -> str:
        since = time.monotonic() - WINDOW_S
        recent = [failed for at, failed in list(self._requests) if at > since]
        share = sum(recent) / len(recent) if recent else 0.0
        if len(recent) < MIN_REQUESTS or share <= MAX_ERROR_SHARE:
            return ""
        return f"{share:.0%} of {len(recent)} requests failed in the last minute"

"""Refused webhooks: every one is counted and logged, and the desk's chain says at most once a minute how many came.

Whoever floods the address with forgeries shall not fill the chain with them.
"""

import threading
import time
from dataclasses import dataclass, field

from flask import current_app

from study_server import audit, metrics
from study_server.logs import log
from study_server.server import current_server

EVERY_S = 60.0


@dataclass
class Tally:
    """How many were refused since the chain was told."""

    count: int = 0
    told_at: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, now: float) -> int:
        """Count one more; return how many to tell the chain of now, 0 if that is not due."""
        with self.lock:
            self.count += 1
            if now - self.told_at < EVERY_S:
                return 0
            found, self.count, self.told_at = self.count, 0, now
            return found


def note(found: str) -> None:
    """Note that a webhook was refused.

    Args:
        found: What was wrong with it.
    """
    metrics.WEBHOOKS.labels("refused").inc()
    log.warning("webhook refused", found=found)
    tally: Tally = current_app.extensions.setdefault("webhook_refusals", Tally())
    count = tally.add(time.monotonic())
    if count:
        detail: audit.Detail = {"found": found, "count": count}
        current_server().database.write(lambda db: audit.record(db, "webhook refused", detail))

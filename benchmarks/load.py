"""What the benchmarks of the study server share: a study without pictures, a server of its own, and people.

Everything stays on this machine: the server listens on loopback, and the people are threads of this process.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Db

from stimuli.manifest import Item, Manifest, Renderer, Stimulus
from stimuli.studyfile import StudyFile
from study_server import schema, sessions, studies
from study_server.db import Database
from study_server.models import Answer, Session
from study_server.serving import listen

NAME = "load"
SECRET = "of a benchmark, and of nothing else, 0123456789"  # noqa: S105 - opens nothing
WORKERS = 2
START_S = 60


def make_study(url: str, *, places: int, trials: int, items: int = 40) -> Database:
    """Migrate a database and publish a study of fake images; return it opened."""
    database = Database(url)
    schema.upgrade(database)
    study, manifest = _study(places, trials), _manifest(items)
    with database.writing() as db:
        studies.create(db, study, manifest, Path(tempfile.gettempdir()))
    return database


def enter(database: Database, count: int) -> list[tuple[int, str]]:
    """Let people come and agree, without HTTP; return the session and the bearer of each."""
    with database.reading() as db:
        material = studies.read_material(db, NAME)
    with database.writing() as db:
        return [_enter(db, material) for _ in range(count)]


def _enter(db: Db, material: studies.Material) -> tuple[int, str]:
    visit = sessions.start(db, material, "live", os.urandom(12).hex())
    sessions.agree(db, material, visit)
    return visit.id, sessions.hand_over(db, visit)


@contextmanager
def serving(url: str, workers: int = WORKERS) -> Iterator[tuple[str, int]]:
    """Start `budgetfusion study serve` in a process of its own; yield its address and the master's process id."""
    port = _free_port()
    command = [sys.executable, "-m", "budgetfusion", "study", "serve", "--port", str(port), "--workers", str(workers)]
    environment = {**os.environ, "SECRET_KEY": SECRET, "DATABASE_URL": url, "MIN_FREE_MB": "0"}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own command
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    parts = urlsplit(url)
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            line = Line(f"{parts.scheme}://{parts.netloc}")
            if line.call("GET", parts.path)[0] < 500:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


class Line:
    """One persistent connection to a server, opened again when it breaks."""

    def __init__(self, url: str, timeout_s: float = 30) -> None:
        self.url = url
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout_s)
        self._connection.auto_open = 1

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, Any]:
        """Return status, body and headers of an answer; a broken connection is an OSError."""
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
            return response.status, response.read(), response.headers
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def answer(trial: int, rng: random.Random, skew: timedelta = timedelta()) -> dict[str, Any]:
    """Return an answer as the page would send it.

    Args:
        trial: Its index.
        rng: Chooses the side.
        skew: By how much the client's clock is wrong.
    """
    shown_at = (datetime.now(UTC) + skew).isoformat()
    side = rng.choice(["left", "right"])
    return {"uuid": str(uuid4()), "trial": trial, "response": side, "rt_ms": 1234.5, "shown_at": shown_at}


def send(line: Line, bearer: str, body: dict[str, Any], study: str = NAME) -> int:
    """Send an answer to a study and return the status."""
    headers = {"Authorization": f"Bearer {bearer}", "Origin": line.url, "Content-Type": "application/json"}
    return line.call("POST", f"/s/{study}/answers", json.dumps(body).encode(), **headers)[0]


def stored(database: Database) -> list[str]:
    """Return the client's id of every stored answer, as often as it is stored."""
    with database.reading() as db:
        return list(db.scalars(select(Answer.uuid)))


def count(database: Database, state: str) -> int:
    """Return how many visits are in a state."""
    with database.reading() as db:
        return db.scalar(select(func.count()).where(Session.state == state)) or 0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def _free_port() -> int:
    listener = listen("127.0.0.1", 0)
    port = int(listener.getsockname()[1])
    listener.close()
    return port


def _study(places: int, trials: int) -> StudyFile:
    identity = {"institution": "Nowhere", "contact": "nobody", "ethics": "none"}
    texts = dict.fromkeys(("landing", "consent", "instructions", "question", "declined", "debrief"), "Words.")
    return StudyFile.model_validate(
        {
            "study": {"name": NAME, "title": "Load", **identity},
            "stimuli": {"prompts": ["a wall"], "seeds": [0]},
            "design": {"participants": places, "main_trials": trials},
            "texts": texts,
        }
    )


def _manifest(items: int) -> Manifest:
    def image(condition: str, steps: int) -> Stimulus:
        sha256 = os.urandom(32).hex()
        return Stimulus(condition=condition, num_steps=steps, sha256=sha256, width=8, height=8, made_with="steps")

    made = [
        Item(
            item_id=f"item-{k}",
            prompt=f"prompt {k}",
            seed=k,
            purpose="main",
            reference=image("REFERENCE", 65),
            stimuli={"OURS": image("OURS", 20), "UNIFORM": image("UNIFORM", 31)},
        )
        for k in range(items)
    ]
    facts = {"scheduler": "none", "guidance_scale": 1.0, "width": 8, "height": 8, "dtype": "none", "engine": "none"}
    renderer = Renderer(model="none", revision=None, model_digest="0" * 64, predictor_digest=None, versions={}, **facts)
    return Manifest(
        study=NAME,
        renderer=renderer,
        compare=("OURS", "UNIFORM"),
        reference_condition="REFERENCE",
        items=made,
        digests={"stimuli": _study(1, 1).stimuli_digest},
    )

"""A study on both sides, for the benchmark of faults: the study server, a stand-in for Prolific, and people between.

Their events come in any order, some twice, some never, with forgeries and replays between them.
"""

import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import func, select

from benchmarks.load import NAME
from prolific_config.client import Client
from prolific_config.connection import Connection
from prolific_config.models import AWAITING_REVIEW, RETURNED, TIMED_OUT
from prolific_config.table import ProlificTable
from study_server import sessions, studies
from study_server.db import Database
from study_server.prolific import launching, recruitment, submissions
from study_server.prolific.tables import Submission, Webhook
from study_server.serving import serving
from study_server.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "prolific_config"))

from stand_in.description import Description
from stand_in.server import TOKEN, StandIn
from stand_in.signing import Delivery, delivery

__all__ = ["FORGED", "PEOPLE", "Description", "Round", "Tally", "opened", "take_part"]

PEOPLE = 8
LOST, DOUBLED, SPOILT, ABSENT = 0.15, 0.2, 0.5, 0.1
FORGED = "FORGED"
KINDS = ("another secret", "another body", "no signature", "stale", "of the future", "replayed")
PATHS = (
    ("ACTIVE", AWAITING_REVIEW),
    ("RESERVED", "ACTIVE", AWAITING_REVIEW),
    ("ACTIVE", RETURNED),
    ("RESERVED", TIMED_OUT),
    ("ACTIVE", TIMED_OUT, AWAITING_REVIEW),
    ("ACTIVE", AWAITING_REVIEW, RETURNED),
)
TABLE = {"name": "Load", "description": "Words.", "minutes": 15, "reward": "3.60", "currency": "GBP"}


@dataclass
class Tally:
    """What came of all rounds."""

    counts: Counter[str] = field(default_factory=Counter)
    delivered: Counter[str] = field(default_factory=Counter)


@dataclass
class Round:
    """One study on both sides."""

    rng: random.Random
    tally: Tally
    database: Database
    material: studies.Material
    prolific: StandIn
    hook: str
    study_id: str = ""

    def client(self, kind: type[Client] = Client) -> Client:
        """Return a client that does not wait."""
        return kind(Connection(TOKEN, self.prolific.url, sleep=lambda seconds: None))


@contextmanager
def opened(template: Path, own: Description, number: int, tally: Tally) -> Iterator[Round]:
    """Yield a round: a study that is published to a new stand-in, and its server.

    Args:
        template: A database with the study, which is copied.
        own: What the stand-in holds requests and answers to.
        number: Of the round, the seed of its chance.
        tally: Of all rounds.
    """
    database = Database(f"sqlite:///{shutil.copy(template, template.with_name(f'{number}.db'))}")
    with database.reading() as db:
        material = studies.read_material(db, NAME)
    with StandIn([own]) as prolific:
        prolific.world.now = datetime.now(UTC) - timedelta(hours=1)
        prolific.world.secret = secret = f"secret of round {number}"
        settings = Settings("of a benchmark", database.url, min_free_mb=0, prolific_webhook_secret=secret)
        with serving(settings) as url:
            rng = random.Random(number)  # noqa: S311 - chance, not secrets
            one = Round(rng, tally, database, material, prolific, f"{url}/prolific/webhook")
            _publish(one)
            yield one
        tally.counts["requests outside the description"] += len(prolific.violations)
    database.close()


def _publish(one: Round) -> None:
    table, client = ProlificTable.model_validate(TABLE), one.client()
    one.database.write(lambda db: recruitment.keep(db, one.material, table))
    asked = (one.database, client, one.material, "https://lab.example")
    typed = str(launching.propose(*asked).amount.decimal)
    one.study_id = launching.publish(*asked, typed, "benchmark").id
    client.connection.close()


def take_part(one: Round) -> None:
    """Let people come and go; their events arrive in any order, some twice, some never, with forgeries between."""
    ways = [one.rng.choice(PATHS) for _ in range(PEOPLE)]
    ids = [one.prolific.world.arrive(one.study_id, way[0]) for way in ways]
    steps = [(key, status) for key, way in zip(ids, ways, strict=True) for status in way[1:]]
    steps.sort(key=lambda step: one.rng.random() + ways[ids.index(step[0])].index(step[1]))
    for key, status in steps:
        one.prolific.world.move(key, status)
    here = [key for key in ids if one.rng.random() >= ABSENT]
    waiting: list[Callable[[], None]] = [*_arrivals(one, here), *_deliveries(one)]
    one.rng.shuffle(waiting)
    for act in waiting:
        act()


def _arrivals(one: Round, ids: list[str]) -> list[Callable[[], None]]:
    def come(key: str) -> None:
        def work(db: Any) -> None:
            person = one.prolific.world.submission(key)["participant"]
            visit = sessions.start(db, one.material, "live", person)
            submissions.arrive(db, visit, key, one.prolific.world.now)

        one.database.write(work)

    return [lambda key=key: come(key) for key in ids]  # type: ignore[misc]


def _deliveries(one: Round) -> list[Callable[[], None]]:
    acts: list[Callable[[], None]] = []
    for event in one.prolific.world.events:
        good = delivery(one.prolific.world.secret, event["id"], event["happened_at"], event["payload"], time.time())
        if one.rng.random() >= LOST:
            times = 2 if one.rng.random() < DOUBLED else 1
            acts += [lambda good=good: _deliver(one, good)] * times  # type: ignore[misc]
        if one.rng.random() < SPOILT:
            acts.append(lambda event=event, good=good: _spoil(one, event, good))  # type: ignore[misc]
    return acts


def _deliver(one: Round, good: Delivery) -> None:
    status = httpx.post(one.hook, content=good.body, headers=good.headers).status_code
    one.tally.delivered["good" if status == 204 else f"good, refused with {status}"] += 1


def _spoil(one: Round, event: dict[str, Any], good: Delivery) -> None:
    """Send what Prolific did not: it must be refused, or be a replay that changes nothing."""
    kind = one.rng.choice(KINDS)
    if kind == "replayed":
        _deliver(one, good)  # somebody listens, and sends the same again under a new id and a later time
    before = _known(one)
    bad = _forged(one, kind, event, good)
    status = httpx.post(one.hook, content=bad.body, headers=bad.headers).status_code
    one.tally.delivered[kind] += 1
    is_taken = status < 400 and kind != "replayed"
    one.tally.counts["unverified acted on"] += is_taken or _known(one) != before


def _forged(one: Round, kind: str, event: dict[str, Any], good: Delivery) -> Delivery:
    secret, now = one.prolific.world.secret, time.time()
    payload = {**event["payload"], "status": FORGED}
    late = {"X-Event-ID": uuid4().hex, "X-Timestamp": f"{now:.3f}"}
    if kind == "another secret":
        return delivery("guessed", uuid4().hex, now, payload, now)
    if kind == "another body":
        return Delivery({**good.headers, **late}, good.body.replace(b'"status": "', b'"status": "X'))
    if kind == "no signature":
        return Delivery({"X-Prolific-Request-Timestamp": f"{now:.0f}", **late}, good.body)
    if kind == "stale":
        return delivery(secret, uuid4().hex, now, payload, now - 3600)
    if kind == "of the future":
        return delivery(secret, uuid4().hex, now + 86400, payload, now)
    return Delivery({**good.headers, **late}, good.body)


def _known(one: Round) -> tuple[list[Any], int | None]:
    with one.database.reading() as db:
        known = select(Submission.external_id, Submission.status, Submission.status_at).order_by(Submission.id)
        return list(db.execute(known)), db.scalar(select(func.count()).select_from(Webhook))

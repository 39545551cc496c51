"""The reconciler: reads every submission from Prolific, heals what events did not tell, and says what disagrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice

from sqlalchemy.orm import Session as Db

from prolific_config.client import Client
from prolific_config.discrepancies import Discrepancy
from prolific_config.models import Submission as Given
from study_server.db import Database
from study_server.prolific import comparing, events, ledger, paying, recruitment, submissions
from study_server.prolific.paying import Uncertain
from study_server.studies import Material

AT_ONCE = 100
"""How many submissions are written in one transaction: participants' answers wait no longer than that."""


@dataclass(frozen=True)
class Reconciliation:
    """What a reconciliation found and did.

    Args:
        submissions: How many Prolific has.
        new: How many of them were not known.
        healed: How many were known with another status.
        discrepancies: Every disagreement that is left, by submission.
        uncertain: Payments of which Prolific's record still does not say what became of them.
    """

    submissions: int
    new: int
    healed: int
    discrepancies: list[Discrepancy]
    uncertain: list[Uncertain]


def reconcile(
    database: Database, client: Client, material: Material, study_id: str | None = None, now: datetime | None = None
) -> Reconciliation:
    """Make what is known of all submissions what Prolific says now; doing it again changes nothing.

    Args:
        database: That participants come to.
        client: To Prolific.
        material: The study.
        study_id: The same on Prolific; none: the one that is known, or that has our internal name.
        now: Our clock.

    Raises:
        ProlificError: If Prolific does not answer; what was written until then holds.
    """
    now = now or datetime.now(UTC)
    study_id = recruitment.find(database, client, material, study_id)
    database.write(partial(recruitment.link, material=material, external_id=study_id))
    given = list(client.submissions(study_id))
    found = [
        pair for part in _parts(given) for pair in database.write(partial(_poll, material=material, part=part, now=now))
    ]
    database.write(lambda db: _note(db, material, now))
    uncertain = paying.settle(database, client, material)
    return Reconciliation(
        submissions=len(given),
        new=sum(is_new for is_new, _ in found),
        healed=sum(is_healed for _, is_healed in found),
        discrepancies=_discrepancies(database, client, material, study_id, now),
        uncertain=uncertain,
    )


def rehearse(database: Database, client: Client, material: Material, study_id: str | None = None) -> Reconciliation:
    """Say what `reconcile` would learn, and write nothing; disagreements are those of the last time."""
    now = datetime.now(UTC)
    study_id = recruitment.find(database, client, material, study_id)
    with database.reading() as db:
        known = {row.external_id: row.status for row in submissions.every(db, material)}
    given = list(client.submissions(study_id))
    return Reconciliation(
        submissions=len(given),
        new=sum(one.id not in known for one in given),
        healed=sum(known.get(one.id, one.status) != one.status for one in given),
        discrepancies=_discrepancies(database, client, material, study_id, now),
        uncertain=paying.uncertain_of(database, client, material),
    )


def _parts(given: Sequence[Given]) -> list[list[Given]]:
    rest = iter(given)
    return list(iter(lambda: list(islice(rest, AT_ONCE)), []))


def _poll(db: Db, material: Material, part: Sequence[Given], now: datetime) -> list[tuple[bool, bool]]:
    return [submissions.poll(db, material.study_id, given, now) for given in part]


def _note(db: Db, material: Material, now: datetime) -> None:
    link = recruitment.linked(db, material)
    if link is not None:
        link.reconciled_at = now
    events.prune(db, now)


def _discrepancies(
    database: Database, client: Client, material: Material, study_id: str, now: datetime
) -> list[Discrepancy]:
    with database.reading() as db:
        found = comparing.discrepancies(db, material, now)
        table, bonuses = recruitment.table_of(db, material), ledger.bonuses(db, material)
    found += comparing.money_discrepancies(client, study_id, table, bonuses, now)
    return sorted(found, key=lambda one: one.submission_id)

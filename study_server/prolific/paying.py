"""Paying bonuses: asked for once, whatever happens; what became of a request that broke off is Prolific's to say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import update
from sqlalchemy.orm import Session as Db

from prolific_config.bonuses import Bonus, is_paid
from prolific_config.client import Client
from prolific_config.errors import (
    NotConfirmedError,
    NotThereError,
    ProlificAwayError,
    ProlificBusyError,
    RequestRefusedError,
    TokenRefusedError,
)
from prolific_config.money import Money, is_amount
from study_server import audit
from study_server.db import Database
from study_server.errors import BonusStateError
from study_server.prolific import ledger
from study_server.prolific.ledger import amount_of
from study_server.prolific.tables import BonusBatch, BonusRow
from study_server.studies import Material

NOT_TAKEN = (RequestRefusedError, TokenRefusedError, NotThereError, ProlificBusyError, ProlificAwayError)
"""Answers to the request to pay after which it is certain that nothing was paid."""

PATIENCE = timedelta(hours=24)
"""Before this nobody may say that a payment whose request broke off did not happen: it may only not be shown yet."""

Record = dict[str, Sequence[int]]


@dataclass(frozen=True)
class Uncertain:
    """A batch whose request to pay broke off, and which of its bonuses Prolific's record shows."""

    batch_id: int
    since: datetime
    shown: tuple[Bonus, ...]
    missing: tuple[Bonus, ...]

    @property
    def amount(self) -> Money:
        """What participants would get by the bonuses that are not shown."""
        currency = (self.shown + self.missing)[0].amount.currency
        return sum((bonus.amount for bonus in self.missing), Money(0, currency))


def pay(database: Database, client: Client, material: Material, batch_id: int, actor: str) -> None:
    """Pay a confirmed batch by a request that is sent once.

    If it breaks off, the batch stays `paying` and nothing sends it again; `settle` finds out what became of it.

    Raises:
        BonusStateError: If the batch is not confirmed, or another of the study is uncertain.
        UnknownOutcomeError: If the request broke off.
        ProlificError: If Prolific refused or is away; the batch is confirmed still, and may be paid later.
    """
    with database.reading() as db:
        rows = ledger.rows_of(db, batch_id)
    record = _record(client, rows)
    external_id = database.write(lambda db: _begin(db, material, batch_id, record, actor))
    try:
        client.pay_bonuses(external_id)
    except NOT_TAKEN:
        database.write(lambda db: _move(db, batch_id, "paying", state="confirmed", paying_at=None))
        raise
    database.write(lambda db: _move(db, batch_id, "paying", state="paid", settled_at=datetime.now(UTC)))


def settle(database: Database, client: Client, material: Material) -> list[Uncertain]:
    """Ask Prolific what became of payments that broke off; those that its record shows are paid. Return the others."""
    found = uncertain_of(database, client, material)
    for one in found:
        if not one.missing:
            database.write(partial(_end, material=material, one=one, actor=audit.SYSTEM))
    return [one for one in found if one.missing]


def uncertain_of(database: Database, client: Client, material: Material) -> list[Uncertain]:
    """Return the batches whose request to pay broke off, as Prolific's record shows them now; changes nothing."""
    with database.reading() as db:
        found = {batch: ledger.rows_of(db, batch.id) for batch in ledger.in_state(db, material, "paying")}
    return [_uncertain(batch, rows, _record(client, rows)) for batch, rows in found.items()]


def give_up(
    database: Database,
    client: Client,
    material: Material,
    batch_id: int,
    typed: str,
    actor: str,
    now: datetime | None = None,
) -> Uncertain:
    """Let a person say that what Prolific's record does not show after a day was not paid; it is proposed again.

    Args:
        database: Of the ledger.
        client: To Prolific, whose record is read once more.
        material: The study.
        batch_id: Of a batch that is uncertain.
        typed: The amount that may then be paid again, as the person typed it.
        actor: Who that is.
        now: Our clock.

    Raises:
        BonusStateError: If the batch is not uncertain, or has not been for a day.
        NotConfirmedError: If another amount was typed.
    """
    one = next((one for one in uncertain_of(database, client, material) if one.batch_id == batch_id), None)
    if one is None or (now or datetime.now(UTC)) - one.since < PATIENCE:
        found = f"batch {batch_id} {'not uncertain' if one is None else f'uncertain since {one.since:%d %b %H:%M} UTC'}"
        remedy = "Wait, and reconcile: Prolific pays later than it answers."
        raise BonusStateError(material.name, found, "one that has been uncertain for a day", remedy)
    if not is_amount(typed, one.amount):
        raise NotConfirmedError(typed, str(one.amount.decimal))
    database.write(lambda db: _end(db, material, one, actor))
    return one


def _record(client: Client, rows: Sequence[BonusRow]) -> Record:
    """Return the bonuses that Prolific's record shows, by submission; cents."""
    return {key: client.submission(key).bonus_payments for key in {row.submission.external_id for row in rows}}


def _begin(db: Db, material: Material, batch_id: int, record: Record, actor: str) -> str:
    """Move a batch from confirmed to paying, which can be done once, and return Prolific's id of it."""
    if ledger.in_state(db, material, "paying"):
        remedy = "Run `budgetfusion prolific reconcile` and see what became of it."
        raise BonusStateError(material.name, "a payment whose outcome is not known", "none", remedy)
    if not _move(db, batch_id, "confirmed", state="paying", paying_at=datetime.now(UTC)):
        remedy = "Confirm the total first; what is paid is not paid again."
        raise BonusStateError(material.name, f"batch {batch_id} paid or not confirmed", "a confirmed one", remedy)
    paid = Counter(
        (row.submission_id, row.cents)
        for row in ledger.bonuses(db, material)
        if row.batch is not None and row.batch.state == "paid"
    )
    for row in ledger.rows_of(db, batch_id):
        shown = list(record[row.submission.external_id]).count(row.cents)
        # What was paid just now may not be shown yet; it must not be taken for this one later.
        row.before = max(shown, paid[row.submission_id, row.cents])
    batch = db.get_one(BonusBatch, batch_id)
    detail: audit.Detail = {"study": material.name, "batch": batch.external_id, "cents": batch.total_cents}
    audit.record(db, "bonus paying", detail, actor)
    return batch.external_id


def _uncertain(batch: BonusBatch, rows: Sequence[BonusRow], record: Record) -> Uncertain:
    shown: list[Bonus] = []
    missing: list[Bonus] = []
    for row in rows:
        bonus = Bonus(row.submission.external_id, amount_of(row), row.reason)
        before = [row.cents] * (row.before or 0)
        (shown if is_paid(before, record[bonus.submission_id], bonus) else missing).append(bonus)
    assert batch.paying_at is not None  # noqa: S101 - a CHECK of the table
    return Uncertain(batch.id, batch.paying_at, tuple(shown), tuple(missing))


def _end(db: Db, material: Material, one: Uncertain, actor: str) -> None:
    """Settle an uncertain batch: what is shown is paid, what is missing is proposed again."""
    state = "paid" if one.shown else "unpaid"
    if not _move(db, one.batch_id, "paying", state=state, settled_at=datetime.now(UTC)):
        return
    missing = {bonus.key for bonus in one.missing}
    for row in ledger.rows_of(db, one.batch_id):
        if (row.submission.external_id, row.reason) in missing:
            row.batch_id, row.before = None, None
    detail: audit.Detail = {"study": material.name, "shown": len(one.shown), "missing": len(one.missing)}
    audit.record(db, "bonus settled", detail, actor)


def _move(db: Db, batch_id: int, before: str, **values: object) -> bool:
    """Change a batch if it is in the state that it is thought to be in; return whether it was."""
    there = update(BonusBatch).where(BonusBatch.id == batch_id, BonusBatch.state == before)
    return db.execute(there.values(**values).returning(BonusBatch.id)).first() is not None

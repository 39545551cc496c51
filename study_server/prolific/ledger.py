"""The ledger of bonuses: proposed, set up on Prolific, confirmed by a person. Paying is in `paying`.

A bonus is unique by submission and reason. It lies in no batch (proposed), or in one batch, whose state is its own:
set_up (Prolific said what it costs), confirmed (a person typed that), paying (asked for once; what became of it is not
known yet), paid, unpaid (a person found that nothing came of it, and its bonuses are proposed again).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import cast

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session as Db

from prolific_config.bonuses import Bonus, batches
from prolific_config.client import Client
from prolific_config.errors import BonusError, NotConfirmedError
from prolific_config.models import BonusBatch as Given
from prolific_config.money import Currency, Money, is_amount
from study_server import audit
from study_server.db import Database
from study_server.errors import BonusStateError
from study_server.prolific import recruitment
from study_server.prolific.tables import LONGEST_REASON, BonusBatch, BonusRow, Submission
from study_server.studies import Material

WAITING = ("set_up", "confirmed")
"""States of a batch that nobody has asked Prolific to pay."""


def bonuses(db: Db, material: Material) -> list[BonusRow]:
    """Return every bonus of a study, each with its submission and its batch, if it lies in one."""
    of_study = select(BonusRow).join(BonusRow.submission).where(Submission.study_id == material.study_id)
    return list(db.scalars(of_study.order_by(BonusRow.id)))


def in_state(db: Db, material: Material, *states: str) -> list[BonusBatch]:
    """Return the batches of a study that are in one of these states."""
    of_study = select(BonusBatch).where(BonusBatch.study_id == material.study_id, BonusBatch.state.in_(states))
    return list(db.scalars(of_study.order_by(BonusBatch.id)))


def rows_of(db: Db, batch_id: int) -> list[BonusRow]:
    """Return the bonuses of a batch."""
    return list(db.scalars(select(BonusRow).where(BonusRow.batch_id == batch_id).order_by(BonusRow.id)))


def amount_of(row: BonusRow) -> Money:
    """Return what a participant gets by a bonus."""
    return Money(row.cents, cast(Currency, row.currency))


def rewards_of(found: Sequence[BonusBatch], currency: Currency) -> Money:
    """Return what participants get by batches."""
    return Money(sum(batch.cents for batch in found), currency)


def total_of(found: Sequence[BonusBatch], currency: Currency) -> Money:
    """Return what batches cost in all, with Prolific's fees and tax."""
    return Money(sum(batch.total_cents for batch in found), currency)


def propose(db: Db, material: Material, wanted: Sequence[Bonus], actor: str) -> int:
    """Write bonuses into the ledger and return how many are new; those that are there already stay as they are.

    Raises:
        BonusError: If a submission is not known, a reason is too long, the currency is not the study's, or the same
            bonus stands in the ledger with another amount.
        NotRecruitedError: If nothing is known of the study's currency.
    """
    currency = recruitment.required_table(db, material).currency
    known = {row.external_id: row for row in db.scalars(_submissions(material, wanted))}
    there = {(row.submission.external_id, row.reason): amount_of(row) for row in bonuses(db, material)}
    for bonus in wanted:
        _check(material, bonus, currency, known, there)
    new = [bonus for bonus in wanted if bonus.key not in there]
    now = datetime.now(UTC)
    for bonus in new:
        ids = {"submission_id": known[bonus.submission_id].id, "reason": bonus.reason}
        said = {"cents": bonus.amount.cents, "currency": currency, "proposed_by": actor, "proposed_at": now}
        db.add(BonusRow(**ids, **said))
    if new:
        amount = sum((bonus.amount for bonus in new), Money(0, currency))
        audit.record(db, "bonus proposed", _detail(material, len(new), amount), actor)
    return len(new)


def withdraw(db: Db, material: Material, bonus_id: int, actor: str) -> None:
    """Take a bonus out of the ledger that is only proposed.

    Raises:
        BonusStateError: If it lies in a batch, or there is none.
    """
    mine = select(Submission.id).where(Submission.study_id == material.study_id)
    proposed = delete(BonusRow).where(
        BonusRow.id == bonus_id, BonusRow.batch_id.is_(None), BonusRow.submission_id.in_(mine)
    )
    if db.execute(proposed.returning(BonusRow.id)).first() is None:
        remedy = "Discard its batch first, if that is not being paid."
        raise BonusStateError(material.name, f"bonus {bonus_id} in a batch or not at all", "one only proposed", remedy)
    audit.record(db, "bonus withdrawn", {"study": material.name, "bonus": bonus_id}, actor)


def set_up(database: Database, client: Client, material: Material, study_id: str) -> list[BonusBatch]:
    """Set up on Prolific whatever is only proposed, which pays nothing; return every batch that is not paid.

    Args:
        database: Of the ledger.
        client: To Prolific.
        material: The study.
        study_id: The same on Prolific.

    Raises:
        BonusStateError: If Prolific understood another amount, or somebody else has just set up the same bonuses.
    """
    with database.reading() as db:
        proposed = {
            (row.submission.external_id, row.reason): row for row in bonuses(db, material) if row.batch_id is None
        }
    wanted = [Bonus(key[0], amount_of(row), key[1]) for key, row in proposed.items()]
    for batch in batches(wanted):
        given = client.set_up_bonuses(study_id, batch)
        ids = [proposed[bonus.key].id for bonus in batch]
        amount = sum((bonus.amount for bonus in batch[1:]), batch[0].amount)
        _require_understood(material, given, amount)
        database.write(partial(_keep, material=material, given=given, ids=ids, amount=amount))
    with database.reading() as db:
        return in_state(db, material, *WAITING)


def confirm(db: Db, material: Material, batch_ids: Sequence[int], typed: str, actor: str) -> None:
    """Let a person confirm what batches cost in all, once or again; from then on `paying.pay` may pay them.

    Args:
        db: In a writing transaction.
        material: The study.
        batch_ids: As `set_up` returned them.
        typed: The total with fees and tax, as the person typed it.
        actor: Who that is.

    Raises:
        NotConfirmedError: If it is another amount.
        BonusStateError: If a batch is not there or was asked for before.
    """
    found = [batch for batch in in_state(db, material, *WAITING) if batch.id in batch_ids]
    if not found or len(found) != len(set(batch_ids)):
        remedy = "Set the bonuses up and look at the total again."
        raise BonusStateError(material.name, "a batch that is paid or discarded", "one that is set up", remedy)
    total = total_of(found, recruitment.required_table(db, material).currency)
    if not is_amount(typed, total):
        raise NotConfirmedError(typed, str(total.decimal))
    for batch in found:
        batch.state, batch.confirmed_by, batch.confirmed_at = "confirmed", actor, datetime.now(UTC)
    audit.record(db, "bonus confirmed", _detail(material, len(found), total), actor)


def discard(db: Db, material: Material, batch_id: int, actor: str) -> None:
    """Give up a batch that nobody asked Prolific to pay; its bonuses are proposed again.

    Raises:
        BonusStateError: If it is being paid, paid, or not there.
    """
    waiting = select(BonusBatch).where(
        BonusBatch.id == batch_id,
        BonusBatch.study_id == material.study_id,
        BonusBatch.state.in_(WAITING),
    )
    batch = db.scalar(waiting.with_for_update())
    if batch is None:
        remedy = "What was asked for cannot be taken back."
        raise BonusStateError(material.name, f"batch {batch_id} paid or not there", "one that waits", remedy)
    db.execute(update(BonusRow).where(BonusRow.batch_id == batch.id).values(batch_id=None))
    db.delete(batch)
    audit.record(db, "bonus discarded", {"study": material.name, "batch": batch.external_id}, actor)


def _submissions(material: Material, wanted: Sequence[Bonus]) -> Select[Submission]:
    ids = {bonus.submission_id for bonus in wanted}
    return select(Submission).where(Submission.study_id == material.study_id, Submission.external_id.in_(ids))


def _check(
    material: Material,
    bonus: Bonus,
    currency: Currency,
    known: dict[str, Submission],
    there: dict[tuple[str, str], Money],
) -> None:
    """Refuse a bonus that cannot stand in the ledger."""
    where = f"Bonus of {bonus.amount} to submission {bonus.submission_id}"
    if bonus.amount.currency != currency:
        raise BonusError(where, bonus.amount.currency, f"{currency}, as [prolific] says")
    if bonus.submission_id not in known:
        raise BonusError(where, "no such submission here", f"one of study '{material.name}' that was reconciled")
    if not 0 < len(bonus.reason) <= LONGEST_REASON:
        raise BonusError(where, f"a reason of {len(bonus.reason)} characters", f"1 to {LONGEST_REASON}")
    if there.get(bonus.key, bonus.amount) != bonus.amount:
        raise BonusError(where, f"{there[bonus.key]} in the ledger for '{bonus.reason}'", "another reason")


def _require_understood(material: Material, given: Given, amount: Money) -> None:
    """Refuse a batch for which Prolific would pay something else than we meant: pounds for pence, say."""
    theirs = amount.cents if given.amount is None else given.amount
    if theirs != amount.cents or given.total_amount < amount.cents:
        found = f"{Money(theirs, amount.currency)} and in all {Money(given.total_amount, amount.currency)} at Prolific"
        raise BonusStateError(material.name, found, str(amount), "Nothing was paid; tell whoever looks after this.")


def _keep(db: Db, material: Material, given: Given, ids: Sequence[int], amount: Money) -> None:
    batch = BonusBatch(
        study_id=material.study_id,
        external_id=given.id,
        state="set_up",
        cents=amount.cents,
        total_cents=given.total_amount,
        currency=amount.currency,
        set_up_at=datetime.now(UTC),
    )
    db.add(batch)
    db.flush()
    free = update(BonusRow).where(BonusRow.id.in_(ids), BonusRow.batch_id.is_(None))
    taken = db.execute(free.values(batch_id=batch.id).returning(BonusRow.id)).all()
    if len(taken) != len(ids):
        remedy = "Look at the ledger and set up what is left; nothing was paid."
        raise BonusStateError(material.name, "bonuses that changed meanwhile", "them as they were", remedy)


def _detail(material: Material, count: int, amount: Money) -> audit.Detail:
    return {"study": material.name, "count": count, "cents": amount.cents, "currency": amount.currency}

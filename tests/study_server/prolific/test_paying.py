"""Paying: once, whatever breaks and whoever presses the button."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from budgetfusion.errors import BudgetFusionError
from prolific_config.bonuses import Bonus
from prolific_config.client import Client
from prolific_config.connection import Connection
from prolific_config.errors import NotConfirmedError, ProlificBusyError, UnknownOutcomeError
from prolific_config.money import Money
from study_server.errors import BonusStateError
from study_server.prolific import ledger, paying

TOKEN = "the-stand-in-knows-this-one"  # noqa: S105 - opens nothing but the stand-in
LATER = timedelta(hours=25)


def confirmed(stage, cents=100, reason="slow pages", submission_id=None):
    """Return the id of a batch of one bonus that waits to be paid."""
    key = submission_id or stage.take()
    stage.reconcile()
    wanted = [Bonus(key, Money(cents, "GBP"), reason)]
    stage.database.write(lambda db: ledger.propose(db, stage.material, wanted, "anna"))
    return confirm(stage)


def confirm(stage):
    """Set up and confirm what is proposed; return the batch's id."""
    batch = ledger.set_up(*stage.parts, stage.study_id)[-1]
    typed = f"{batch.total_cents / 100:.2f}"
    stage.database.write(lambda db: ledger.confirm(db, stage.material, [batch.id], typed, "anna"))
    return batch.id


def pay(stage, batch):
    """Pay a batch."""
    paying.pay(*stage.parts, batch, "anna")


def in_state(stage, state):
    """Return the ids of the batches in a state."""
    with stage.database.reading() as db:
        return [batch.id for batch in ledger.in_state(db, stage.material, state)]


def test_a_confirmed_batch_is_paid_once(stage) -> None:
    """The second time is refused, and nothing is sent."""
    batch = confirmed(stage)
    pay(stage, batch)
    with pytest.raises(BonusStateError, match="expected a confirmed one"):
        pay(stage, batch)

    assert len(stage.prolific.calls("pay-bonus-payments")) == len(stage.world.paid) == 1


def test_what_nobody_confirmed_is_not_paid(stage) -> None:
    """A batch that is only set up waits for a person."""
    key = stage.take()
    stage.reconcile()
    wanted = [Bonus(key, Money(100, "GBP"), "slow pages")]
    stage.database.write(lambda db: ledger.propose(db, stage.material, wanted, "anna"))
    (batch,) = ledger.set_up(*stage.parts, stage.study_id)
    with pytest.raises(BonusStateError):
        pay(stage, batch.id)

    assert stage.prolific.calls("pay-bonus-payments") == []


@pytest.mark.parametrize("kind", ["away after commit", "cut off after commit"])
def test_a_payment_whose_answer_was_lost_is_found_in_the_record(stage, kind) -> None:
    """It is uncertain until then, and nothing of the study is paid meanwhile."""
    first = confirmed(stage)
    stage.prolific.faults.plan("pay-bonus-payments", kind)
    with pytest.raises(UnknownOutcomeError):
        pay(stage, first)
    second = confirmed(stage, 50)
    assert in_state(stage, "paying") == []
    assert in_state(stage, "paid") == [first]
    pay(stage, second)

    assert [cents for _, _, cents in stage.world.paid] == [100, 50]


def test_nothing_is_paid_while_something_is_uncertain(stage) -> None:
    """Whoever wants to pay is sent to the reconciler."""
    first, second = confirmed(stage), confirmed(stage, 50)
    stage.prolific.faults.plan("pay-bonus-payments", "away")
    with pytest.raises(UnknownOutcomeError):
        pay(stage, first)
    with pytest.raises(BonusStateError, match="outcome is not known"):
        pay(stage, second)

    assert stage.world.paid == []


def test_what_was_not_taken_may_be_paid_later(stage) -> None:
    """After 429 the batch is confirmed still."""
    batch = confirmed(stage)
    stage.prolific.faults.plan("pay-bonus-payments", "busy")
    with pytest.raises(ProlificBusyError):
        pay(stage, batch)
    assert in_state(stage, "confirmed") == [batch]
    pay(stage, batch)

    assert len(stage.world.paid) == 1


def test_what_never_happened_is_given_up_after_a_day_and_paid_again(stage) -> None:
    """Not before, and only if the amount is typed; in the end it is paid once."""
    batch = confirmed(stage)
    stage.prolific.faults.plan("pay-bonus-payments", "away")
    with pytest.raises(UnknownOutcomeError):
        pay(stage, batch)
    with pytest.raises(BonusStateError, match="expected one that has been uncertain for a day"):
        paying.give_up(*stage.parts, batch, "1.00", "anna")
    later = datetime.now(UTC) + LATER
    with pytest.raises(NotConfirmedError):
        paying.give_up(*stage.parts, batch, "1.40", "anna", later)
    paying.give_up(*stage.parts, batch, "1.00", "anna", later)
    assert in_state(stage, "unpaid") == [batch]
    pay(stage, confirm(stage))

    assert [cents for _, _, cents in stage.world.paid] == [100]


def test_what_is_shown_in_part_is_settled_in_part(stage) -> None:
    """The shown one is paid, the missing one is proposed again."""
    keys = [stage.take(), stage.take()]
    stage.reconcile()
    wanted = [Bonus(key, Money(100, "GBP"), "slow pages") for key in keys]
    stage.database.write(lambda db: ledger.propose(db, stage.material, wanted, "anna"))
    batch = confirm(stage)
    stage.prolific.faults.plan("pay-bonus-payments", "away")
    with pytest.raises(UnknownOutcomeError):
        pay(stage, batch)
    stage.world.submission(keys[0])["bonus_payments"].append(100)
    found = paying.give_up(*stage.parts, batch, "1.00", "anna", datetime.now(UTC) + LATER)

    assert [bonus.submission_id for bonus in found.missing] == [keys[1]]
    with stage.database.reading() as db:
        rows = ledger.bonuses(db, stage.material)
    assert [row.batch.state if row.batch else "proposed" for row in rows] == ["paid", "proposed"]


def test_an_earlier_bonus_of_the_same_amount_is_not_taken_for_this_one(stage) -> None:
    """Neither one that is shown, nor one that was paid a moment ago and is not shown yet."""
    key = stage.take()
    pay(stage, confirmed(stage, 100, "one", key))
    stage.world.submission(key)["bonus_payments"].clear()
    batch = confirmed(stage, 100, "two", key)
    stage.prolific.faults.plan("pay-bonus-payments", "away")
    with pytest.raises(UnknownOutcomeError):
        pay(stage, batch)
    stage.world.submission(key)["bonus_payments"].append(100)

    assert [len(one.missing) for one in paying.settle(*stage.parts)] == [1]


def test_a_crash_after_prolific_has_paid_pays_nobody_twice(stage, monkeypatch) -> None:
    """The program dies before it can note the payment; the record tells the next one."""
    batch = confirmed(stage)
    pays = stage.client.pay_bonuses

    def die(batch_id):
        pays(batch_id)
        raise KeyboardInterrupt

    monkeypatch.setattr(stage.client, "pay_bonuses", die)
    with pytest.raises(KeyboardInterrupt):
        pay(stage, batch)
    monkeypatch.undo()
    with pytest.raises(BonusStateError):
        pay(stage, batch)
    stage.reconcile()

    assert in_state(stage, "paid") == [batch]
    assert len(stage.world.paid) == 1


def test_two_people_who_pay_at_once_pay_once(any_stage) -> None:
    """On both databases, of five who press the button at the same moment one gets through."""
    stage = any_stage
    batch = confirmed(stage)
    gate = threading.Barrier(5)

    def press():
        connection = Connection(TOKEN, stage.prolific.url, sleep=lambda seconds: None)
        gate.wait()
        with suppress(BudgetFusionError):
            paying.pay(stage.database, Client(connection), stage.material, batch, "somebody")
        connection.close()

    people = [threading.Thread(target=press) for _ in range(5)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert len(stage.prolific.calls("pay-bonus-payments")) == len(stage.world.paid) == 1
    assert in_state(stage, "paid") == [batch]

"""The ledger of bonuses until they are confirmed."""

import pytest

from prolific_config.bonuses import Bonus
from prolific_config.errors import BonusError, NotConfirmedError, UnknownOutcomeError
from prolific_config.money import Money
from study_server.errors import BonusStateError, NotRecruitedError
from study_server.prolific import ledger


@pytest.fixture
def people(stage):
    """Two submissions that are known."""
    ids = [stage.take(), stage.take()]
    stage.reconcile()
    return ids


def bonus(submission_id, cents=100, reason="slow pages", currency="GBP"):
    """Return a bonus."""
    return Bonus(submission_id, Money(cents, currency), reason)


def propose(stage, *wanted):
    """Propose bonuses; return how many are new."""
    return stage.database.write(lambda db: ledger.propose(db, stage.material, wanted, "anna"))


def states(stage):
    """Return the state of each bonus, by its cents."""
    with stage.database.reading() as db:
        rows = ledger.bonuses(db, stage.material)
    return {row.cents: row.batch.state if row.batch else "proposed" for row in rows}


def set_up(stage):
    """Set up what is proposed."""
    return ledger.set_up(*stage.parts, stage.study_id)


def test_the_same_bonus_is_proposed_once(stage, people) -> None:
    """A submission gets a bonus for a reason once; for another reason, another one."""
    assert propose(stage, bonus(people[0]), bonus(people[1])) == 2
    assert propose(stage, bonus(people[0]), bonus(people[0], 100, "other")) == 1


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"cents": 200}, r"found £1.00 in the ledger for 'slow pages', expected another reason"),
        ({"currency": "USD"}, "found USD, expected GBP"),
        ({"submission_id": "5" * 24}, "found no such submission here, expected one of study 'tiny'"),
        ({"reason": "x" * 201}, "found a reason of 201 characters, expected 1 to 200"),
    ],
)
def test_a_bonus_that_cannot_stand_in_the_ledger_is_refused(stage, people, changes, fault) -> None:
    """With everything that came with it."""
    propose(stage, bonus(people[0]))
    with pytest.raises(BonusError, match=fault):
        propose(stage, bonus(people[1]), bonus(**{"submission_id": people[0], **changes}))

    assert len(states(stage)) == 1


def test_without_a_currency_nothing_is_proposed(created, material) -> None:
    """The remedy is named."""
    with pytest.raises(NotRecruitedError, match=r"found no \[prolific\]"):
        created.write(lambda db: ledger.propose(db, material, [], "anna"))


def test_set_up_shows_the_fees_and_pays_nothing(stage, people) -> None:
    """Twice it is the same batch."""
    propose(stage, bonus(people[0]), bonus(people[1], 50))
    first, second = set_up(stage), set_up(stage)

    assert [batch.id for batch in first] == [batch.id for batch in second]
    assert (first[0].cents, first[0].total_cents) == (150, 210)
    assert (len(stage.prolific.calls("create-bonus-payments")), stage.world.paid) == (1, [])


def test_two_bonuses_of_a_submission_lie_in_two_batches(stage, people) -> None:
    """Prolific takes a submission once in a request."""
    propose(stage, bonus(people[0]), bonus(people[0], 50, "other"))

    assert sorted(batch.cents for batch in set_up(stage)) == [50, 100]


def test_what_broke_off_is_set_up_again(stage, people) -> None:
    """Whatever is left at Prolific is never paid."""
    propose(stage, bonus(people[0]))
    stage.prolific.faults.plan("create-bonus-payments", "away after commit")
    with pytest.raises(UnknownOutcomeError):
        set_up(stage)

    assert states(stage) == {100: "proposed"}
    assert len(set_up(stage)) == 1


def test_pounds_for_pence_are_noticed(stage, people, monkeypatch) -> None:
    """If Prolific understood another amount, nothing goes on."""
    propose(stage, bonus(people[0]))
    understood = stage.world.set_up_bonuses
    monkeypatch.setattr(stage.world, "set_up_bonuses", lambda study, csv: understood(study, csv.replace("1.00", "100")))
    with pytest.raises(BonusStateError, match=r"found £100.00 and in all £139.99 at Prolific, expected £1.00"):
        set_up(stage)

    assert states(stage) == {100: "proposed"}


@pytest.mark.parametrize("typed", ["", "y", "1.00", "139", "1.38"])
def test_only_the_total_confirms(stage, people, typed) -> None:
    """Neither yes, nor the bonus without fees, nor pence, nor a penny less."""
    propose(stage, bonus(people[0]))
    (batch,) = set_up(stage)
    with pytest.raises(NotConfirmedError):
        stage.database.write(lambda db: ledger.confirm(db, stage.material, [batch.id], typed, "anna"))

    assert states(stage) == {100: "set_up"}


def test_a_batch_that_is_not_there_is_not_confirmed(stage) -> None:
    """Nothing is confirmed by half."""
    with pytest.raises(BonusStateError, match="expected one that is set up"):
        stage.database.write(lambda db: ledger.confirm(db, stage.material, [7], "1.40", "anna"))


def test_a_batch_may_be_discarded_and_a_bonus_withdrawn(stage, people) -> None:
    """First the one and then the other; afterwards the ledger is empty."""
    propose(stage, bonus(people[0]))
    (batch,) = set_up(stage)
    with stage.database.reading() as db:
        (row,) = ledger.bonuses(db, stage.material)
    with pytest.raises(BonusStateError, match="expected one only proposed"):
        stage.database.write(lambda db: ledger.withdraw(db, stage.material, row.id, "anna"))
    stage.database.write(lambda db: ledger.discard(db, stage.material, batch.id, "anna"))
    assert states(stage) == {100: "proposed"}
    stage.database.write(lambda db: ledger.withdraw(db, stage.material, row.id, "anna"))

    assert states(stage) == {}

"""The reconciler heals what was missed; the report names what disagrees, and nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from prolific_config.bonuses import Bonus
from prolific_config.models import APPROVED, AWAITING_REVIEW, RETURNED, TIMED_OUT
from prolific_config.money import Money
from study_server.models import Session
from study_server.prolific import ledger, paying, reconciling
from study_server.prolific.tables import Submission


def finish(stage, use_cases, submission_id, ago_minutes=30):
    """Let the person of a submission come, answer everything and finish."""
    desk = use_cases(stage.database)
    visit = stage.arrive(submission_id)
    bearer = desk.do(lambda db: _agree(db, stage, visit.id))
    return desk.complete(visit, bearer, stage.world.now - timedelta(minutes=ago_minutes))


def _agree(db, stage, visit_id):
    from study_server import sessions

    visit = db.get_one(Session, visit_id)
    sessions.agree(db, stage.material, visit)
    return sessions.hand_over(db, visit)


def words(found):
    """Return what disagrees, by submission."""
    return {one.submission_id: one.words for one in found.discrepancies}


def test_missed_events_are_healed_over_all_pages(stage) -> None:
    """More than a page of people; the second time nothing is new, and nothing is healed."""
    ids = [stage.take() for _ in range(130)]
    first = stage.reconcile()
    for key in ids[:7]:
        stage.world.move(key, RETURNED)
    healed, again = stage.reconcile(), stage.reconcile()

    assert (first.submissions, first.new, first.healed) == (130, 130, 0)
    assert (healed.new, healed.healed) == (0, 7)
    assert (again.new, again.healed) == (0, 0)
    assert {stage.row(key).status for key in ids[:7]} == {RETURNED}


def test_a_page_past_the_end_is_the_end(stage) -> None:
    """A link to a page that is not found loses nobody."""
    ids = [stage.take() for _ in range(3)]
    stage.prolific.faults.plan("get-submissions", "page too many")

    assert stage.reconcile().submissions == len(ids)


def test_a_rehearsal_stores_nothing(stage) -> None:
    """It says what would be learned."""
    stage.take()
    found = reconciling.rehearse(*stage.parts)

    assert (found.submissions, found.new) == (1, 1)
    with stage.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Submission)) == 0


def test_where_both_sides_agree_nothing_is_reported(stage, use_cases) -> None:
    """Finished on both, returned on both, and one who is still inside."""
    done, gone, inside = stage.take(), stage.take(), stage.take()
    finish(stage, use_cases, done)
    stage.arrive(gone)
    stage.arrive(inside)
    stage.world.move(done, AWAITING_REVIEW, stage.codes["completed"])
    stage.world.move(gone, TIMED_OUT)

    assert stage.reconcile().discrepancies == []


def test_what_disagrees_is_named(stage, use_cases) -> None:
    """Finished there and missing here, finished there and not here, the reverse, a code of another outcome."""
    never, open_, reverse, code = (stage.take() for _ in range(4))
    stage.arrive(open_)
    finish(stage, use_cases, reverse)
    finish(stage, use_cases, code)
    stage.world.move(never, AWAITING_REVIEW, stage.codes["completed"])
    stage.world.move(open_, APPROVED)
    stage.world.move(reverse, RETURNED)
    stage.world.move(code, AWAITING_REVIEW, stage.codes["withdrawn"])

    assert words(stage.reconcile()) == {
        never: "AWAITING REVIEW there, and never seen here",
        open_: "APPROVED there, and not finished here",
        reverse: "finished here, and RETURNED there",
        code: "came back with a code that is not the one of 'completed'",
    }


def test_who_has_just_finished_is_on_the_way(stage, use_cases) -> None:
    """For ten minutes; then it is reported."""
    key = stage.take()
    finish(stage, use_cases, key, ago_minutes=5)
    assert stage.reconcile().discrepancies == []
    stage.world.now += timedelta(minutes=6)

    assert words(stage.reconcile()) == {key: "finished here, and ACTIVE there"}


def test_who_finished_without_a_submission_is_named_by_pseudonym(stage, use_cases) -> None:
    """Nothing there leads to this person."""
    desk = use_cases(stage.database)
    visit, bearer = desk.enter("f" * 24)
    desk.complete(visit, bearer, stage.world.now - timedelta(minutes=30))

    assert words(stage.reconcile()) == {visit.participant.pseudonym: "is here, and Prolific has no such submission"}


def test_a_submission_that_is_gone_there_is_named(stage, use_cases) -> None:
    """Somebody came with it, and Prolific does not list it."""
    key = stage.take()
    finish(stage, use_cases, key)
    stage.reconcile()
    del stage.world.submissions[key]
    stage.world.now += timedelta(minutes=1)

    assert words(stage.reconcile()) == {key: "is here, and Prolific has no such submission"}


def test_another_reward_is_named(stage) -> None:
    """[prolific] was edited after publishing."""
    stage.say(reward="5.00")

    assert words(stage.reconcile()) == {stage.study_id: "pays £3.60 there, and [prolific] here says £5.00"}


def test_bonuses_of_one_side_only_are_named(stage) -> None:
    """One that was paid by hand, one that the ledger calls paid, and one to somebody without any in the ledger."""
    paid, other = stage.take(), stage.take()
    stage.reconcile()
    stage.database.write(lambda db: ledger.propose(db, stage.material, [bonus(paid)], "anna"))
    (batch,) = ledger.set_up(*stage.parts, stage.study_id)
    stage.database.write(lambda db: ledger.confirm(db, stage.material, [batch.id], total(batch), "anna"))
    paying.pay(*stage.parts, batch.id, "anna")
    assert stage.reconcile().discrepancies == []
    stage.world.submission(paid)["bonus_payments"] = [70]
    stage.world.paid.append((other, stage.study_id, 900))
    stage.world.now += timedelta(hours=3)

    assert sorted(one.words for one in stage.reconcile().discrepancies) == [
        "bonus of £0.70 there, and not in the ledger",
        "bonus of £1.00 in the ledger, and not there",
        "bonuses of £10.00 there in all, and £1.70 in the ledger",
    ]


def bonus(submission_id, cents=100, reason="slow pages"):
    """Return a bonus."""
    return Bonus(submission_id, Money(cents, "GBP"), reason)


def total(batch):
    """Return what a person types to confirm a batch."""
    return f"{batch.total_cents / 100:.2f}"


@pytest.mark.parametrize("kind", ["busy", "away", "cut off after commit"])
def test_prolific_may_stumble(stage, kind) -> None:
    """Reading is repeated until it is answered."""
    stage.take()
    stage.prolific.faults.plan("get-submissions", kind, kind)

    assert stage.reconcile().new == 1

"""A whole study under any faults: a person repeats each step until it says that it is done.

Whatever breaks off, and whenever: one draft, one publication, everybody approved who finished, nobody paid twice.
"""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_in.server import TOKEN, StandIn

from prolific_config.approving import review
from prolific_config.bonuses import Bonus, is_paid
from prolific_config.client import Client
from prolific_config.connection import Connection
from prolific_config.errors import ProlificAwayError, ProlificBusyError, UnknownOutcomeError
from prolific_config.models import APPROVED, AWAITING_REVIEW
from prolific_config.money import Money
from prolific_config.publishing import carry_out, ensure_draft, propose

NAME = "my-study"
PASSING = (ProlificAwayError, ProlificBusyError, UnknownOutcomeError)
KINDS = ("busy", "away", "away after commit", "cut off after commit")
STEPS = (
    "get-studies",
    "get-study",
    "create-study",
    "update-study",
    "get-study-cost",
    "publish-study",
    "get-submissions",
    "get-submission",
    "bulk-approve-submissions",
    "create-bonus-payments",
    "pay-bonus-payments",
)
FAULTS = st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(KINDS)), max_size=12)


def until_done(step: Callable[[], object]) -> None:
    """Repeat a step as a person would who sees an error and runs the command again."""
    for _ in range(30):
        try:
            step()
        except PASSING:
            continue
        return
    pytest.fail("it never came to an end")


def publish(client: Client, wanted, table) -> None:
    """What `draft` and `publish` do, with the amount typed."""
    there, _ = ensure_draft(client, NAME, wanted)
    proposal = propose(client, NAME, wanted, there, table)
    carry_out(client, NAME, wanted, there, table, proposal)


def approve(client: Client, study_id: str, code: str) -> None:
    """What `approve` does, until nobody waits."""
    waiting = review(client.submissions(study_id), code).complete
    client.approve([submission.id for submission in waiting])
    assert not review(client.submissions(study_id), code).complete


def pay(client: Client, study_id: str, bonus: Bonus) -> None:
    """What a ledger does: set up until it is set up, pay once, and ask Prolific what became of it."""
    batches = []
    until_done(lambda: batches.append(client.set_up_bonuses(study_id, [bonus])))
    try:
        client.pay_bonuses(batches[-1].id)
    except PASSING:
        until_done(lambda: is_paid((), client.submission(bonus.submission_id).bonus_payments, bonus))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=FAULTS)
def test_no_fault_makes_two_of_anything(own, published, wanted, table, faults) -> None:
    """In every example one study runs, all twelve are approved, and the bonus is paid at most once."""
    with StandIn([description for description in (own, published) if description]) as prolific:
        connection = Connection(TOKEN, prolific.url, sleep=lambda seconds: None)
        client = Client(connection)
        for step, kind in faults:
            prolific.faults.plan(step, kind)
        until_done(lambda: publish(client, wanted, table))
        study_id = next(iter(prolific.world.studies))
        ids = [prolific.world.arrive(study_id, AWAITING_REVIEW, 15, "C0MPLETE") for _ in range(12)]
        until_done(lambda: approve(client, study_id, "C0MPLETE"))
        pay(client, study_id, Bonus(ids[0], Money(100, "GBP"), "slow pages"))
        connection.close()

    assert [study["status"] for study in prolific.world.studies.values()] == ["ACTIVE"]
    assert {submission["status"] for submission in prolific.world.submissions.values()} == {APPROVED}
    assert len(prolific.world.paid) <= 1
    assert len(prolific.calls("pay-bonus-payments")) == 1
    assert prolific.violations == []

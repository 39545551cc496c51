"""Every method of the client over HTTP, each request and each answer held to the description."""

import pytest
from stand_in.world import WORKSPACE

from prolific_config import groups, subscriptions
from prolific_config.bonuses import Bonus
from prolific_config.errors import RequestRefusedError
from prolific_config.models import APPROVED, AWAITING_REVIEW, REJECTED, RETURNED, TIMED_OUT
from prolific_config.money import Money
from prolific_config.rejection import Evidence, checked

BECAUSE = "You started the study and answered none of its questions; no data of yours reached us, as the page told you."


@pytest.fixture
def study(client, wanted):
    """A draft on the stand-in."""
    return client.create_draft(wanted)


@pytest.fixture
def running(client, study):
    """A published study."""
    return client.transition(study.id, "PUBLISH")


def test_a_draft_is_made_as_the_file_says(prolific, study, wanted) -> None:
    """Cents, minutes, codes and the address reach Prolific as they stand in the file."""
    there = prolific.world.study(study.id)

    assert (there["reward"], there["estimated_completion_time"], there["total_available_places"]) == (360, 15, 72)
    assert there["external_study_url"] == wanted.external_study_url
    assert study.status == "UNPUBLISHED"


def test_a_draft_is_changed_and_removed(prolific, client, study, wanted) -> None:
    """A draft says what it is told, and can go."""
    changed = client.update_draft(study.id, wanted.model_copy(update={"reward": 400}))
    client.delete_draft(study.id)

    assert changed.reward == 400
    assert prolific.world.studies == {}


def test_a_study_is_published_paused_started_and_stopped(client, running) -> None:
    """The life of a study, in Prolific's words."""
    states = [client.transition(running.id, action).status for action in ("PAUSE", "START", "STOP")]

    assert [running.status, *states] == ["ACTIVE", "PAUSED", "ACTIVE", "COMPLETED"]


def test_places_grow_and_never_shrink(client, running) -> None:
    """Prolific refuses fewer places, and its reason is handed on."""
    assert client.set_places(running.id, 80).total_available_places == 80
    with pytest.raises(RequestRefusedError, match="Places cannot be reduced"):
        client.set_places(running.id, 79)


def test_a_test_study_is_a_copy_for_test_participants(client, study) -> None:
    """It has an id and an address of its own."""
    client.create_test_participant("lab@example.org")
    copy = client.create_test_study(study.id)

    assert copy.study_id != study.id
    assert copy.study_url.endswith(copy.study_id)


def test_a_cost_has_parts(client, study) -> None:
    """Rewards, fees and tax in cents; a calculation gives only the sum."""
    cost = client.cost(study.id, is_projected=True)

    assert cost.rewards.rewards.money == Money(360 * 72, "GBP")
    assert client.calculate_cost(Money(360, "GBP"), 72) == Money(360 * 72 + 8640 + 1728, "GBP")


def test_submissions_are_read_over_all_pages(prolific, client, running) -> None:
    """250 people stand on three pages, and each comes once."""
    ids = [prolific.world.arrive(running.id) for _ in range(250)]

    assert [submission.id for submission in client.submissions(running.id)] == ids
    assert [seen.query.get("page") for seen in prolific.calls("get-submissions")] == [None, "2", "3"]
    assert {seen.query["ordering"] for seen in prolific.calls("get-submissions")} == {"started_at"}


def test_no_submission_is_lost_when_pages_shrink_while_they_are_turned(prolific, client, running) -> None:
    """A page past the end is the end, not a fault."""
    ids = [prolific.world.arrive(running.id) for _ in range(101)]
    reading = client.submissions(running.id)
    first = [next(reading) for _ in range(100)]
    del prolific.world.submissions[ids[-1]]

    assert [submission.id for submission in [*first, *reading]] == ids[:-1]


def test_submissions_are_counted_by_status(prolific, client, running) -> None:
    """In Prolific's words, with the total."""
    for status in (AWAITING_REVIEW, AWAITING_REVIEW, RETURNED, TIMED_OUT):
        prolific.world.arrive(running.id, status)

    counts = client.counts(running.id)

    assert (counts[AWAITING_REVIEW], counts[RETURNED], counts[TIMED_OUT], counts["TOTAL"]) == (2, 1, 1, 4)


def test_more_than_a_thousand_approvals_go_in_several_requests(prolific, client, running) -> None:
    """1,001 people: 1,000 and 1, and all are approved."""
    ids = [prolific.world.arrive(running.id, AWAITING_REVIEW) for _ in range(1001)]
    client.approve(ids)

    assert [len(seen.body["submission_ids"]) for seen in prolific.calls("bulk-approve-submissions")] == [1000, 1]
    assert {submission["status"] for submission in prolific.world.submissions.values()} == {APPROVED}


def test_a_rejection_that_policy_allows_reaches_prolific(prolific, client, running) -> None:
    """Category and message go as the form gave them; a second time changes nothing."""
    submission_id = prolific.world.arrive(running.id, AWAITING_REVIEW)
    rejection = checked("no_data", BECAUSE, Evidence(15, 0, 60, [900.0] * 20, answers=0))

    first = client.reject(submission_id, rejection)
    second = client.reject(submission_id, rejection)

    assert first.status == second.status == REJECTED


def test_a_return_is_asked_for(prolific, client, running) -> None:
    """It leaves no mark on the participant."""
    submission_id = prolific.world.arrive(running.id, AWAITING_REVIEW)
    client.request_return(submission_id, ["Withdrew consent."])

    assert prolific.world.submission(submission_id)["return_requested"] is not None


def test_bonuses_are_set_up_in_major_units_and_paid_once(prolific, client, running) -> None:
    """150 cents go as 1.50, and 150 cents are paid."""
    submission_id = prolific.world.arrive(running.id, AWAITING_REVIEW)
    batch = client.set_up_bonuses(running.id, [Bonus(submission_id, Money(150, "GBP"), "slow pages")])
    client.pay_bonuses(batch.id)

    assert prolific.calls("create-bonus-payments")[0].body["csv_bonuses"] == f"{submission_id},1.50\n"
    assert batch.total_amount == 150 + 50 + 10
    assert client.submission(submission_id).bonus_payments == (150,)


def test_messages_are_sent(prolific, client, running) -> None:
    """To one and to several."""
    client.send_message("a" * 24, running.id, "Thank you.")
    client.send_messages(["a" * 24, "b" * 24], running.id, "Thank you all.")

    assert [message["body"] for message in prolific.world.messages] == ["Thank you.", "Thank you all."]


def test_a_group_keeps_people_out_of_the_next_study(connection) -> None:
    """Adding twice adds once; who is not in it is removed without a fault."""
    group = groups.create_group(connection, WORKSPACE, "took part")
    groups.add(connection, group.id, ["a" * 24, "b" * 24])
    groups.add(connection, group.id, ["b" * 24])
    left = groups.remove(connection, group.id, ["a" * 24, "c" * 24])

    assert [member.participant_id for member in left] == ["b" * 24]
    assert groups.members(connection, group.id) == left


def test_a_subscription_is_confirmed_with_its_secret(connection) -> None:
    """The secret that comes in a header is sent back, and the subscription is enabled."""
    secret = subscriptions.create_secret(connection, WORKSPACE)
    event = subscriptions.event_types(connection)[0]
    made = subscriptions.subscribe(connection, WORKSPACE, event, "https://lab.example/hooks/prolific")

    assert made.is_enabled
    assert subscriptions.subscriptions(connection, WORKSPACE) == [made]
    assert secret.value not in repr(secret)


def test_the_signing_keys_are_read(prolific, connection) -> None:
    """They are public."""
    assert subscriptions.signing_keys(connection) == {"keys": [prolific.signer.jwk()]}


def test_every_operation_that_we_describe_is_one_that_we_use(own) -> None:
    """Nothing is described that no test of this file asks for."""
    from pathlib import Path

    sources = [path.read_text(encoding="utf-8") for path in (Path(subscriptions.__file__).parent).glob("*.py")]
    used = "\n".join(sources)
    for operation in own.operations.values():
        last = [part for part in operation.path.split("/") if part and not part.startswith("{")][-1]

        assert last in used, operation.id

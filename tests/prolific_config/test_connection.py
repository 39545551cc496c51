"""Patience, foreign errors, and what may be sent twice."""

import httpx
import pytest
from stand_in.faults import Fault
from stand_in.server import TOKEN

from prolific_config.bonuses import Bonus
from prolific_config.client import Client
from prolific_config.connection import ATTEMPTS, Connection
from prolific_config.errors import (
    AnswerError,
    NotThereError,
    ProlificAwayError,
    ProlificBusyError,
    RequestRefusedError,
    TokenRefusedError,
    UnknownOutcomeError,
)
from prolific_config.models import AWAITING_REVIEW
from prolific_config.money import Money


@pytest.fixture
def study(client, wanted):
    """A draft on the stand-in."""
    return client.create_draft(wanted)


@pytest.fixture
def batch(prolific, client, study):
    """Bonuses that are set up."""
    submission_id = prolific.world.arrive(study.id, AWAITING_REVIEW)
    return client.set_up_bonuses(study.id, [Bonus(submission_id, Money(100, "GBP"), "slow pages")])


@pytest.mark.parametrize("kind", ["busy", "away", "away after commit", "cut off after commit"])
def test_reading_goes_on_after_a_passing_fault(prolific, client, study, kind) -> None:
    """Whatever it is, the fifth attempt still counts."""
    prolific.faults.plan("get-study", *[kind] * (ATTEMPTS - 1))

    assert client.study(study.id).id == study.id
    assert len(prolific.calls("get-study")) == ATTEMPTS


def test_reading_gives_up_in_the_end(prolific, client, study) -> None:
    """Five attempts, then a line that says so."""
    prolific.faults.plan("get-study", *["away"] * ATTEMPTS)

    with pytest.raises(ProlificAwayError, match="did not answer 'read study': HTTP 503"):
        client.study(study.id)


def test_being_busy_in_the_end_is_said(prolific, client, wanted) -> None:
    """Nothing was made there."""
    prolific.faults.plan("create-study", *["busy"] * ATTEMPTS)

    with pytest.raises(ProlificBusyError, match="did not take 'create draft'"):
        client.create_draft(wanted)
    assert prolific.world.studies == {}


def test_a_change_that_was_not_taken_is_sent_again(prolific, client, wanted) -> None:
    """HTTP 429 says that nothing happened, so one draft is made."""
    prolific.faults.plan("create-study", "busy", "busy")
    client.create_draft(wanted)

    assert len(prolific.world.studies) == 1


@pytest.mark.parametrize("kind", ["away", "away after commit", "cut off after commit"])
def test_a_change_that_may_have_happened_is_not_sent_again(prolific, client, wanted, kind) -> None:
    """One request, and a line that says to look."""
    prolific.faults.plan("create-study", kind)

    with pytest.raises(UnknownOutcomeError, match=r"'create draft' broke off .* may have happened or not"):
        client.create_draft(wanted)
    assert len(prolific.calls("create-study")) == 1


def test_a_change_that_is_the_same_when_done_twice_is_sent_again(prolific, client, study) -> None:
    """Setting places to 80 twice is setting them to 80."""
    prolific.faults.plan("update-study", "away after commit", "cut off after commit")

    assert client.set_places(study.id, 80).total_available_places == 80


@pytest.mark.parametrize(
    ("kind", "error", "payments"),
    [
        ("busy", ProlificBusyError, 0),
        ("away", UnknownOutcomeError, 0),
        ("away after commit", UnknownOutcomeError, 1),
        ("cut off after commit", UnknownOutcomeError, 1),
    ],
)
def test_a_payment_is_never_sent_twice(prolific, client, batch, kind, error, payments) -> None:
    """Whatever happens to the request, nobody is paid twice."""
    prolific.faults.plan("pay-bonus-payments", kind)

    with pytest.raises(error):
        client.pay_bonuses(batch.id)
    assert len(prolific.calls("pay-bonus-payments")) == 1
    assert len(prolific.world.paid) == payments


def test_prolific_is_not_asked_sooner_than_it_says(prolific) -> None:
    """Retry-After: 1 makes each pause at least a second, and none is longer than a minute."""
    pauses: list[float] = []
    patient = Client(Connection(TOKEN, prolific.url, sleep=pauses.append))
    prolific.faults.plan("get-studies", *["busy"] * (ATTEMPTS - 1))
    list(patient.studies())
    patient.connection.close()

    assert len(pauses) == ATTEMPTS - 1
    assert all(1 <= pause <= 60 for pause in pauses)


def test_a_server_that_is_not_there_is_said_in_one_line() -> None:
    """Nothing was sent, so nothing is unknown."""
    nobody = Client(Connection(TOKEN, "http://127.0.0.1:9", sleep=lambda seconds: None))

    with pytest.raises(ProlificAwayError, match="Check the connection"):
        nobody.pay_bonuses("b")
    nobody.connection.close()


def test_a_token_without_rights_is_refused_and_never_shown(prolific, client) -> None:
    """401 and 403 lead to the same remedy; the message does not hold the token."""
    stranger = Client(Connection("another-token", prolific.url))
    prolific.faults.plan("get-studies", "refused")

    with pytest.raises(TokenRefusedError, match="HTTP 403") as known:
        list(client.studies())
    with pytest.raises(TokenRefusedError, match="HTTP 401") as unknown:
        list(stranger.studies())
    stranger.connection.close()
    assert TOKEN not in str(known.value)
    assert "another-token" not in str(unknown.value)


def test_a_refusal_hands_on_the_reason(client, wanted) -> None:
    """Prolific's detail, which may be an object, stands in the line."""
    code = wanted.completion_codes[0]
    twice = wanted.model_copy(update={"completion_codes": (code, code)})

    with pytest.raises(RequestRefusedError, match=r"HTTP 400.*Codes must be unique"):
        client.create_draft(twice)


def test_what_is_not_there_is_named(client) -> None:
    """With its address below Prolific's."""
    with pytest.raises(NotThereError, match="/api/v1/studies/nothing/"):
        client.study("nothing")


def test_an_unknown_field_in_an_answer_is_tolerated(prolific, client, study) -> None:
    """Prolific may send more than it describes, in a record and in a list."""
    prolific.world.arrive(study.id)
    described = ("get-study", "get-submissions", "get-study-cost", "get-studies", "count-study-submissions-by-status")
    for operation in described:
        prolific.faults.plan(operation, "more")

    assert client.study(study.id) == study
    assert len(list(client.submissions(study.id))) == 1
    assert client.counts(study.id)["TOTAL"] == 1
    assert client.cost(study.id, is_projected=True).rewards.fees.amount > 0
    assert [entry.id for entry in client.studies()] == [study.id]


@pytest.mark.parametrize(
    ("operation", "field", "named"),
    [
        ("get-study", "status", "status"),
        ("get-study", "reward", "reward"),
        ("get-submissions", "participant_id", "0.participant_id"),
        ("get-submissions", "results", "results"),
        ("get-study-cost", "rewards", "rewards"),
        ("calculate-study-cost", "total_cost", "total_cost"),
    ],
)
def test_a_missing_field_in_an_answer_is_named(prolific, client, study, operation, field, named) -> None:
    """The line says which field of which answer."""
    prolific.world.arrive(study.id)
    prolific.faults.plan(operation, Fault("less", field))
    asked = {
        "get-study": lambda: client.study(study.id),
        "get-submissions": lambda: list(client.submissions(study.id)),
        "get-study-cost": lambda: client.cost(study.id, is_projected=True),
        "calculate-study-cost": lambda: client.calculate_cost(Money(360, "GBP"), 1),
    }

    with pytest.raises(AnswerError, match=rf"field '{named}': is missing"):
        asked[operation]()


def transported(answer: httpx.Response) -> Connection:
    """A connection to something that gives one answer to everything."""
    connection = Connection("t", "http://127.0.0.1:9", sleep=lambda seconds: None)
    connection._http._transport = httpx.MockTransport(lambda request: answer)
    connection._http._mounts = {}
    return connection


def test_a_page_of_a_proxy_is_no_answer() -> None:
    """HTML with status 200 is named as what it is."""
    page = httpx.Response(200, text="<html>log in</html>", headers={"content-type": "text/html"})

    with pytest.raises(AnswerError, match="not JSON but text/html"):
        Client(transported(page)).study("x")


def test_a_redirection_is_not_followed() -> None:
    """The token goes nowhere else."""
    moved = httpx.Response(302, headers={"location": "https://elsewhere.example/"})

    with pytest.raises(RequestRefusedError, match="HTTP 302"):
        Client(transported(moved)).study("x")


def test_only_the_query_of_a_link_to_the_next_page_is_followed(prolific, client, study) -> None:
    """A link to another machine is asked of Prolific."""
    for _ in range(101):
        prolific.world.arrive(study.id)
    prolific._answers.url = "https://elsewhere.example"

    assert len(list(client.submissions(study.id))) == 101


def test_bare_and_wrapped_errors_are_both_read() -> None:
    """Prolific's description has both forms."""
    bare = httpx.Response(400, json={"title": "Wrong", "detail": ["one", "two"], "status": 400, "error_code": 1})

    with pytest.raises(RequestRefusedError, match=r"Wrong; \['one', 'two'\]"):
        Client(transported(bare)).study("x")


def test_without_a_token_only_what_is_public_is_told(prolific, monkeypatch) -> None:
    """The keys of entry tokens are; a list of studies is not."""
    from prolific_config.settings import connection_without_token
    from prolific_config.subscriptions import signing_keys

    monkeypatch.setenv("PROLIFIC_URL", prolific.url)
    connection = connection_without_token()

    assert signing_keys(connection)["keys"]
    with pytest.raises(TokenRefusedError):
        next(Client(connection).studies())
    connection.close()


def test_a_link_to_a_page_past_the_end_ends_the_list(prolific, client, study) -> None:
    """It is not found, and nobody is lost."""
    ids = [prolific.world.arrive(study.id) for _ in range(3)]
    prolific.faults.plan("get-submissions", "page too many")

    assert [submission.id for submission in client.submissions(study.id)] == ids

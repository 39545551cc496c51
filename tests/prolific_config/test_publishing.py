"""Publishing: found again, made once, spent as confirmed."""

import pytest

from prolific_config.errors import (
    CurrencyError,
    NotConfirmedError,
    NotDraftedError,
    PlacesError,
    PublishedDiffersError,
    SeveralStudiesError,
    UnknownOutcomeError,
)
from prolific_config.money import Money
from prolific_config.publishing import carry_out, ensure_draft, estimate, find, propose, rehearse, required

NAME = "my-study"


@pytest.fixture
def there(client, wanted):
    """A draft on the stand-in."""
    return ensure_draft(client, NAME, wanted)[0]


@pytest.fixture
def running(client, wanted, table, there):
    """A published study."""
    return carry_out(client, NAME, wanted, there, table, propose(client, NAME, wanted, there, table))


def test_a_draft_is_made_once(prolific, client, wanted) -> None:
    """Created, unchanged, updated: always the same study."""
    done = [ensure_draft(client, NAME, wanted)[1] for _ in range(2)]
    done.append(ensure_draft(client, NAME, wanted.model_copy(update={"reward": 400}))[1])

    assert done == ["created", "unchanged", "updated"]
    assert [study["reward"] for study in prolific.world.studies.values()] == [400]


@pytest.mark.parametrize("kind", ["away after commit", "cut off after commit"])
def test_a_draft_whose_answer_is_lost_is_adopted(prolific, client, wanted, kind) -> None:
    """There is one draft, and it is found by its internal name."""
    prolific.faults.plan("create-study", kind)
    study, done = ensure_draft(client, NAME, wanted)

    assert done == "created"
    assert list(prolific.world.studies) == [study.id]


def test_a_draft_that_was_not_made_is_said(prolific, client, wanted) -> None:
    """A fault before anything happened leaves nothing, and the line says to look."""
    prolific.faults.plan("create-study", "away")

    with pytest.raises(UnknownOutcomeError):
        ensure_draft(client, NAME, wanted)
    assert prolific.world.studies == {}


def test_a_study_is_found_by_its_internal_name_or_its_id(prolific, client, wanted, there) -> None:
    """Two of the same name are not guessed about."""
    assert find(client, NAME) == find(client, "other", there.id) == there
    assert find(client, "other") is None
    with pytest.raises(NotDraftedError, match="Run `budgetfusion prolific draft` first"):
        required(client, "other")
    client.create_draft(wanted)
    with pytest.raises(SeveralStudiesError, match=r"Found 2 studies .* for 'my-study'.*--study-id"):
        find(client, NAME)


def test_a_proposal_shows_fees_and_tax(client, wanted, table, there) -> None:
    """72 places at 3.60, with what comes on top."""
    proposal = propose(client, NAME, wanted, there, table)

    assert proposal.amount == Money(25920 + 8640 + 1728, "GBP")
    assert proposal.words == "Publish 72 places: £259.20 to participants + £86.40 fees + £17.28 tax = £362.88."
    assert estimate(client, table, 72) == "72 places: £259.20 to participants + £103.68 fees and tax = £362.88."


def test_publishing_twice_publishes_once(prolific, client, wanted, table, running) -> None:
    """The second proposal is to do nothing and to spend nothing."""
    proposal = propose(client, NAME, wanted, running, table)
    again = carry_out(client, NAME, wanted, running, table, proposal)

    assert running.status == again.status == "ACTIVE"
    assert (proposal.action, proposal.amount) == ("nothing", Money(0, "GBP"))
    assert len(prolific.calls("publish-study")) == 1


@pytest.mark.parametrize("kind", ["away after commit", "cut off after commit"])
def test_a_publication_whose_answer_is_lost_is_looked_up(prolific, client, wanted, table, there, kind) -> None:
    """It is sent once, and Prolific says that it happened."""
    prolific.faults.plan("publish-study", kind)
    proposal = propose(client, NAME, wanted, there, table)

    assert carry_out(client, NAME, wanted, there, table, proposal).status == "ACTIVE"
    assert len(prolific.calls("publish-study")) == 1


def test_a_publication_that_did_not_happen_is_said(prolific, client, wanted, table, there) -> None:
    """Nothing is spent."""
    prolific.faults.plan("publish-study", "away")

    with pytest.raises(UnknownOutcomeError):
        carry_out(client, NAME, wanted, there, table, propose(client, NAME, wanted, there, table))
    assert prolific.world.study(there.id)["status"] == "UNPUBLISHED"


def test_a_cost_that_changes_while_somebody_types_stops(prolific, client, wanted, table, there) -> None:
    """What was confirmed is not what would be spent."""
    proposal = propose(client, NAME, wanted, there, table)
    prolific.world.study(there.id)["reward"] = 3600

    with pytest.raises(NotConfirmedError, match=r"Found '362.88' typed, expected 3628.80"):
        carry_out(client, NAME, wanted, there, table, proposal)
    assert prolific.calls("publish-study") == []


def test_places_are_added_at_their_own_price(prolific, client, wanted, table, running) -> None:
    """Eight more places cost what eight places cost; once they are there, nothing is left to do."""
    more = wanted.model_copy(update={"total_available_places": 80})
    proposal = propose(client, NAME, more, running, table)
    grown = carry_out(client, NAME, more, running, table, proposal)

    assert proposal.amount == Money(2880 + 960 + 192, "GBP")
    assert grown.total_available_places == 80
    assert propose(client, NAME, more, grown, table).action == "nothing"


def test_fewer_places_than_published_are_refused(client, wanted, table, running) -> None:
    """With both numbers and what to do; nothing is sent."""
    with pytest.raises(PlacesError, match="found 60 places in the file, expected at least the 72"):
        propose(client, NAME, wanted.model_copy(update={"total_available_places": 60}), running, table)


def test_a_file_that_was_edited_after_publishing_is_refused(prolific, client, wanted, table, running) -> None:
    """The keys are named, for a draft, a rehearsal and a publication alike."""
    edited = wanted.model_copy(update={"reward": 400, "name": "Another"})

    with pytest.raises(PublishedDiffersError, match="differs from its file in: name, reward"):
        ensure_draft(client, NAME, edited)
    with pytest.raises(PublishedDiffersError):
        rehearse(client, NAME, edited, running, table)
    assert prolific.world.study(running.id)["reward"] == 360


def test_a_workspace_of_another_currency_stops(prolific, client, wanted, table, there) -> None:
    """Pence are not cents."""
    prolific.world.currency = "USD"

    with pytest.raises(CurrencyError, match=r"Found currency GBP in \[prolific\], expected the workspace's USD"):
        propose(client, NAME, wanted, there, table)


def test_a_rehearsal_changes_nothing(prolific, client, wanted, table, there) -> None:
    """It asks what it would cost, and no more."""
    before = len(prolific.seen)
    words = rehearse(client, NAME, wanted, there, table)

    assert words.startswith("Would publish 72 places: £259.20 to participants")
    assert [seen.operation for seen in prolific.seen[before:]] == ["calculate-study-cost"]

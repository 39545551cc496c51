"""From a file to a published study, each step safe to repeat: find, draft, say the cost, publish or grow.

Nothing here spends without a `Proposal` that a person has confirmed. Which study is ours Prolific itself remembers, by
its internal name; a caller with a database may give the id instead.
"""

from dataclasses import dataclass
from typing import Literal

from prolific_config.client import Client
from prolific_config.costs import cost_of
from prolific_config.drafts import changes, internal_name
from prolific_config.errors import (
    NotConfirmedError,
    NotDraftedError,
    PlacesError,
    PublishedDiffersError,
    SeveralStudiesError,
    UnknownOutcomeError,
)
from prolific_config.models import UNPUBLISHED, Draft, Study
from prolific_config.money import Money
from prolific_config.table import ProlificTable

Done = Literal["created", "updated", "unchanged", "published before"]


@dataclass(frozen=True)
class Proposal:
    """What publishing would do and spend.

    Args:
        action: 'publish' a draft, 'grow' a published study, or 'nothing'.
        amount: What would be spent, with fees and tax.
        words: The same for a person.
    """

    action: Literal["publish", "grow", "nothing"]
    amount: Money
    words: str


def find(client: Client, name: str, study_id: str | None = None) -> Study | None:
    """Return our study, or none if Prolific has none.

    Args:
        client: To Prolific.
        name: Of the study file.
        study_id: If it is known.

    Raises:
        SeveralStudiesError: If more than one carries our name.
    """
    if study_id:
        return client.study(study_id)
    ids = tuple(entry.id for entry in client.studies() if entry.internal_name == internal_name(name))
    if len(ids) > 1:
        raise SeveralStudiesError(name, ids)
    return client.study(ids[0]) if ids else None


def required(client: Client, name: str, study_id: str | None = None) -> Study:
    """Return our study.

    Raises:
        NotDraftedError: If Prolific has none.
    """
    study = find(client, name, study_id)
    if study is None:
        raise NotDraftedError(name)
    return study


def ensure_draft(client: Client, name: str, wanted: Draft, study_id: str | None = None) -> tuple[Study, Done]:
    """Make Prolific's draft say what the file says; a second time it changes nothing.

    Raises:
        PublishedDiffersError: If the study is published and the file was edited since.
    """
    there = find(client, name, study_id)
    if there is None:
        return _create(client, name, wanted), "created"
    if there.status != UNPUBLISHED:
        _refuse_edited(name, wanted, there)
        return there, "published before"
    if not changes(wanted, there):
        return there, "unchanged"
    return client.update_draft(there.id, wanted), "updated"


def propose(client: Client, name: str, wanted: Draft, there: Study, table: ProlificTable) -> Proposal:
    """Say what publishing the study as it is in the file would do and spend.

    Args:
        client: To Prolific.
        name: Of the study file.
        wanted: The study as the file has it.
        there: As Prolific has it; they differ at most in places.
        table: `[prolific]`.

    Raises:
        PlacesError: If fewer places are wanted than are published.
        CurrencyError: If the workspace pays in another currency.
    """
    if there.status == UNPUBLISHED:
        cost = cost_of(client.cost(there.id, is_projected=True), table.currency)
        return Proposal("publish", cost.total, f"Publish {wanted.total_available_places} places: {cost}.")
    more = wanted.total_available_places - there.total_available_places
    if more < 0:
        raise PlacesError(name, wanted.total_available_places, there.total_available_places)
    if more == 0:
        return Proposal("nothing", Money(0, table.currency), f"Published before ({there.status}); nothing to spend.")
    cost_of(client.cost(there.id, is_projected=True), table.currency)  # the calculator names no currency
    amount = client.calculate_cost(table.reward_money, more)
    return Proposal("grow", amount, f"Add {more} places: {said(table.reward_money * more, amount)}.")


def carry_out(
    client: Client, name: str, wanted: Draft, there: Study, table: ProlificTable, confirmed: Proposal
) -> Study:
    """Do what a person has confirmed, unless it would spend something else by now.

    A request that broke off is not sent again: Prolific is asked what became of it.

    Raises:
        NotConfirmedError: If the study changed on Prolific while the person was typing.
        UnknownOutcomeError: If publishing broke off and did not happen.
    """
    now = propose(client, name, wanted, client.study(there.id), table)
    if now.action == "nothing":
        return client.study(there.id)
    if now != confirmed:
        raise NotConfirmedError(str(confirmed.amount.decimal), str(now.amount.decimal))
    if now.action == "grow":
        return client.set_places(there.id, wanted.total_available_places)
    try:
        return client.transition(there.id, "PUBLISH")
    except UnknownOutcomeError:
        study = client.study(there.id)
        if study.status == UNPUBLISHED:
            raise
        return study


def rehearse(client: Client, name: str, wanted: Draft, there: Study, table: ProlificTable) -> str:
    """Return what publishing would do and spend, and change nothing.

    Raises:
        PublishedDiffersError: If the study is published and the file was edited since.
    """
    if there.status == UNPUBLISHED:
        return f"Would publish {estimate(client, table, wanted.total_available_places)}"
    _refuse_edited(name, wanted, there)
    return f"Would do: {propose(client, name, wanted, there, table).words}"


def estimate(client: Client, table: ProlificTable, places: int) -> str:
    """Return what a study that is not drafted yet would cost, for a person to read."""
    rewards = table.reward_money * places
    return f"{places} places: {said(rewards, client.calculate_cost(table.reward_money, places))}."


def said(rewards: Money, amount: Money) -> str:
    """Return rewards, what comes on top of them, and the sum, for a person to read."""
    return f"{rewards} to participants + {amount - rewards} fees and tax = {amount}"


def _refuse_edited(name: str, wanted: Draft, there: Study) -> None:
    """Places may grow after publishing; nothing else may differ."""
    fixed = tuple(sorted(changes(wanted, there).keys() - {"total_available_places"}))
    if fixed:
        raise PublishedDiffersError(name, fixed)


def _create(client: Client, name: str, wanted: Draft) -> Study:
    """Create a draft; if the answer is lost, adopt the draft that was made, for a second request would make two."""
    try:
        return client.create_draft(wanted)
    except UnknownOutcomeError:
        made = find(client, name)
        if made is None:
            raise
        return made

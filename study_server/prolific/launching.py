"""From a study in the database to a published one, each step safe to repeat; nothing is spent unless it is typed."""

from sqlalchemy.orm import Session as Db

from prolific_config import publishing
from prolific_config.client import Client
from prolific_config.costs import cost_of
from prolific_config.drafts import draft as draft_of
from prolific_config.drafts import study_url
from prolific_config.errors import NotConfirmedError
from prolific_config.models import Draft, Study, StudyAction, TestStudy
from prolific_config.money import is_amount
from prolific_config.policy import Finding, refuse
from prolific_config.publishing import Proposal
from prolific_config.table import ProlificTable, findings_of
from study_server import audit, codes
from study_server.db import Database
from study_server.prolific import recruitment
from study_server.studies import Material


def findings(material: Material, table: ProlificTable) -> list[Finding]:
    """Return what Prolific's policy has to say, refusals first; each has `level`, `key` and `words`."""
    return findings_of(table, instruction_checks=material.study.stimuli.check_items)


def url(public_url: str, material: Material) -> str:
    """Return the exact study URL to paste for those who publish by hand."""
    return study_url(public_url, material.name)


def wanted(db: Db, material: Material, public_url: str) -> Draft:
    """Return the study that Prolific shall make, with the codes of the database.

    Raises:
        NotRecruitedError: If nothing is known of whom to ask.
        PolicyError: If policy refuses it.
    """
    table = recruitment.required_table(db, material)
    refuse(findings(material, table))
    return draft_of(material.study, table, codes.codes(db, material.study_id), public_url)


def estimate(database: Database, client: Client, material: Material, public_url: str) -> str:
    """Say what the study would cost, with fees, before anything is made."""
    with database.reading() as db:
        table, draft = recruitment.required_table(db, material), wanted(db, material, public_url)
    return publishing.estimate(client, table, draft.total_available_places)


def draft(database: Database, client: Client, material: Material, public_url: str) -> tuple[Study, str, str]:
    """Make the draft on Prolific say what `[prolific]` says; again it changes nothing.

    Returns:
        The study there, what was done ('created', 'updated', 'unchanged', 'published before'), and its cost in words.
    """
    with database.reading() as db:
        asked, known = wanted(db, material, public_url), recruitment.linked(db, material)
        currency = recruitment.required_table(db, material).currency
    there, done = publishing.ensure_draft(client, material.name, asked, known.external_id if known else None)
    database.write(lambda db: recruitment.link(db, material, there.id))
    return there, done, str(cost_of(client.cost(there.id, is_projected=True), currency))


def rehearse(database: Database, client: Client, material: Material, email: str | None = None) -> TestStudy:
    """Let test participants take the draft, which costs nothing; first make one of a new address if it is given."""
    study_id = recruitment.find(database, client, material)
    if email:
        client.create_test_participant(email)
    return client.create_test_study(study_id)


def propose(database: Database, client: Client, material: Material, public_url: str) -> Proposal:
    """Say what publishing, or adding places, would do and spend; `words` are for a person, `amount` is to be typed.

    Raises:
        PublishedDiffersError: If the study is published, and something else than places has changed since.
        PlacesError: If fewer places are wanted than are published.
    """
    there, asked, table = _draft(database, client, material, public_url)
    return publishing.propose(client, material.name, asked, there, table)


def publish(database: Database, client: Client, material: Material, public_url: str, typed: str, actor: str) -> Study:
    """Publish the study, or add places to it, after a person has typed the amount; again it spends nothing.

    Raises:
        NotConfirmedError: If another amount was typed; nothing was spent.
    """
    there, asked, table = _draft(database, client, material, public_url)
    proposal = publishing.propose(client, material.name, asked, there, table)
    if proposal.action == "nothing":
        return there
    if not is_amount(typed, proposal.amount):
        raise NotConfirmedError(typed, str(proposal.amount.decimal))
    detail: audit.Detail = {"study": material.name, "action": proposal.action, "cents": proposal.amount.cents}
    database.write(lambda db: audit.record(db, "publish", detail, actor))
    return publishing.carry_out(client, material.name, asked, there, table, proposal)


def change(database: Database, client: Client, material: Material, action: StudyAction, actor: str) -> Study:
    """PAUSE, START or STOP the study on Prolific; who is inside finishes."""
    study_id = recruitment.find(database, client, material)
    detail: audit.Detail = {"study": material.name, "action": action}
    database.write(lambda db: audit.record(db, "prolific", detail, actor))
    return client.transition(study_id, action)


def _draft(
    database: Database, client: Client, material: Material, public_url: str
) -> tuple[Study, Draft, ProlificTable]:
    there, _, _ = draft(database, client, material, public_url)
    with database.reading() as db:
        return there, wanted(db, material, public_url), recruitment.required_table(db, material)

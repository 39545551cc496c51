"""What the commands share: arguments, options, and reading and checking what they name."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from prolific_config.client import Client
    from prolific_config.models import Draft
    from prolific_config.money import Money
    from prolific_config.policy import Finding
    from prolific_config.table import ProlificTable
    from stimuli.studyfile import StudyFile

FILE = click.Path(dir_okay=False, path_type=Path)
STUDY_FILE = click.argument("study_file", type=FILE)
CODES = click.option("--codes", required=True, type=FILE, help="What `budgetfusion study codes` printed.")
PUBLIC_URL = click.option(
    "--public-url", envvar="PUBLIC_URL", required=True, help="Where participants reach the server."
)
STUDY_ID = click.option("--study-id", help="Of the study on Prolific [found by its internal name].")
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what it would do and spend, and stop.")


def wanted(study_file: Path, codes: Path, public_url: str) -> "tuple[StudyFile, ProlificTable, Draft]":
    """Read and check everything that a draft needs; warnings are said, refusals stop here."""
    from prolific_config import drafts
    from prolific_config.codes import read_codes
    from prolific_config.policy import refuse

    study, table = read(study_file)
    refuse(lint(study, table))
    return study, table, drafts.draft(study, table, read_codes(codes), public_url)


def read(study_file: Path) -> "tuple[StudyFile, ProlificTable]":
    """Read a study file with its [prolific]."""
    from prolific_config.table import read_prolific

    return read_prolific(study_file)


def lint(study: "StudyFile", table: "ProlificTable") -> "list[Finding]":
    """Return what policy says, with the warnings said already."""
    from prolific_config.table import findings_of

    findings = findings_of(table, instruction_checks=study.stimuli.check_items)
    for finding in findings:
        if finding.level == "warning":
            click.echo(f"warning: {finding.key}: {finding.words}", err=True)
    return findings


def client() -> "Client":
    """Return the client that the environment describes."""
    from prolific_config.settings import client_from_environment

    return client_from_environment()


def confirm(amount: "Money") -> None:
    """Go on only if a person types the amount.

    Raises:
        NotConfirmedError: If something else is typed.
    """
    from prolific_config.errors import NotConfirmedError
    from prolific_config.money import is_amount

    typed = click.prompt(f"Type the amount, {amount.decimal}, to spend it", default="", show_default=False)
    if not is_amount(typed, amount):
        raise NotConfirmedError(typed, str(amount.decimal))

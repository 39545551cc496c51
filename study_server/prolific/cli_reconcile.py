"""`budgetfusion prolific reconcile`: what Prolific knows, what we know, and where the two disagree."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prolific_config.cli_options import DRY_RUN, STUDY_FILE, STUDY_ID
from study_server.cli_options import DATABASE

if TYPE_CHECKING:
    from prolific_config.client import Client
    from study_server.db import Database
    from study_server.prolific.reconciling import Reconciliation
    from study_server.studies import Material

EVERY = click.option(
    "--every", type=click.FloatRange(0, min_open=True), metavar="MINUTES", help="Go on until Ctrl-C [once]."
)


@click.command()
@STUDY_FILE
@STUDY_ID
@EVERY
@DRY_RUN
@DATABASE
def reconcile(study_file: Path, study_id: str | None, every: float | None, dry_run: bool, database: str) -> None:
    """Read every submission, heal what webhooks did not tell, and print each disagreement; it spends nothing."""
    from study_server.errors import DiscrepancyError
    from study_server.prolific.opening import opened

    with opened(study_file, database) as (base, client, material):
        found = _once(base, client, material, study_id, dry_run=dry_run)
        while every is not None:
            _go_on(base, client, material, study_id, every)
    if found.discrepancies:
        raise DiscrepancyError(material.name, len(found.discrepancies))


def _once(
    base: "Database", client: "Client", material: "Material", study_id: str | None, *, dry_run: bool
) -> "Reconciliation":
    from study_server.prolific.cli import said
    from study_server.prolific.reconciling import reconcile, rehearse

    found = (rehearse if dry_run else reconcile)(base, client, material, study_id)
    done = "would be learned, nothing was stored (--dry-run)" if dry_run else "learned"
    click.echo(f"{found.submissions} submissions on Prolific: {found.new} new and {found.healed} changed {done}.")
    for one in found.uncertain:
        click.echo(said(one), err=True)
    for each in found.discrepancies:
        click.echo(f"  {each.submission_id}  {each.words}")
    return found


def _go_on(base: "Database", client: "Client", material: "Material", study_id: str | None, minutes: float) -> None:
    """Wait and reconcile again; an hour without Prolific, or without the database, ends nothing."""
    import time

    from budgetfusion.errors import BudgetFusionError

    time.sleep(60 * minutes)
    try:
        _once(base, client, material, study_id, dry_run=False)
    except BudgetFusionError as error:
        click.echo(f"error: {error}", err=True)

"""`budgetfusion prolific status|approve`: a study that people are taking."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from prolific_config import cli_options
from prolific_config.cli_options import CODES, DRY_RUN, STUDY_FILE, STUDY_ID

if TYPE_CHECKING:
    from prolific_config.costs import Cost
    from prolific_config.models import Study
    from prolific_config.pay import Pay


@click.command()
@STUDY_FILE
@STUDY_ID
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(study_file: Path, study_id: str | None, as_json: bool) -> None:
    """Print who has come, what they really earn, and what has been spent."""
    from prolific_config.costs import cost_of
    from prolific_config.money import Money
    from prolific_config.pay import pay_so_far
    from prolific_config.publishing import required

    study, table = cli_options.read(study_file)
    client = cli_options.client()
    there = required(client, study.study.name, study_id)
    counts = client.counts(there.id)
    cost = cost_of(client.cost(there.id, is_projected=False), table.currency)
    pay = pay_so_far(Money(there.reward, table.currency), client.submissions(there.id))
    if as_json:
        click.echo(_as_json(there, counts, cost, pay))
    else:
        _print(there, counts, cost, pay)


@click.command()
@STUDY_FILE
@CODES
@STUDY_ID
@DRY_RUN
def approve(study_file: Path, codes: Path, study_id: str | None, dry_run: bool) -> None:
    """Approve everybody who waits with the code of a complete study, after the amount has been typed."""
    from prolific_config.approving import review
    from prolific_config.codes import COMPLETED, read_codes
    from prolific_config.money import Money
    from prolific_config.publishing import required

    study, table = cli_options.read(study_file)
    client = cli_options.client()
    there = required(client, study.study.name, study_id)
    waiting = review(client.submissions(there.id), read_codes(codes).get(COMPLETED, ""))
    amount = Money(there.reward, table.currency) * len(waiting.complete)
    click.echo(f"{len(waiting.complete)} wait with the code of a complete study: {amount} to participants.")
    if waiting.others:
        click.echo(f"{len(waiting.others)} wait with another code; look at them on Prolific.")
    if dry_run or not waiting.complete:
        click.echo("Nothing was approved.")
        return
    cli_options.confirm(amount)
    client.approve([submission.id for submission in waiting.complete])
    click.echo(f"Sent {len(waiting.complete)} approvals; Prolific carries them out within minutes.")


def _as_json(there: "Study", counts: dict[str, int], cost: "Cost", pay: "Pay | None") -> str:
    known = {
        "study_id": there.id,
        "status": there.status,
        "places": there.total_available_places,
        "counts": counts,
        "spent_cents": cost.total.cents,
        "currency": cost.total.currency,
        "median_minutes": pay.median_minutes if pay else None,
        "hourly_cents": pay.hourly.cents if pay else None,
    }
    return json.dumps(known, indent=2)


def _print(there: "Study", counts: dict[str, int], cost: "Cost", pay: "Pay | None") -> None:
    from rich.console import Console
    from rich.table import Table

    click.echo(f"{there.name}: {there.status}, {there.total_available_places} places.")
    table = Table("submissions", "people")
    table.columns[1].justify = "right"
    for name, count in counts.items():
        table.add_row(name, str(count))
    Console().print(table)
    click.echo(f"Spent so far: {cost}.")
    if pay:
        click.echo(f"Median of {pay.finished}: {pay.median_minutes:.1f} minutes, {pay.hourly} an hour.")
        for finding in pay.findings:
            click.echo(f"{finding.level}: {finding.words}", err=True)

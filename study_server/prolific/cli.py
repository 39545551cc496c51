"""`budgetfusion prolific bonus`: the ledger of bonuses from the command line. Nothing is paid that was not typed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prolific_config.cli_options import DRY_RUN, STUDY_FILE, STUDY_ID
from study_server.cli_options import DATABASE, actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prolific_config.bonuses import Bonus
    from prolific_config.client import Client
    from prolific_config.money import Currency
    from study_server.db import Database
    from study_server.prolific.paying import Uncertain
    from study_server.prolific.tables import BonusBatch
    from study_server.studies import Material

BATCH = click.option("--give-up", type=int, metavar="BATCH", help="Say that what BATCH left unshown was not paid.")


@click.command()
@STUDY_FILE
@click.argument("bonuses", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@STUDY_ID
@BATCH
@DRY_RUN
@DATABASE
def bonus(
    study_file: Path, bonuses: Path | None, study_id: str | None, give_up: int | None, dry_run: bool, database: str
) -> None:
    """Pay BONUSES, a CSV file of submission_id, amount and reason, each once, after the total has been typed.

    Without BONUSES it pays what stands unpaid in the ledger, such as what was proposed at the desk.
    """
    from study_server.prolific.opening import opened

    with opened(study_file, database) as (base, client, material):
        wanted = _read(base, material, bonuses)
        if dry_run:
            _rehearse(base, material, wanted)
            return
        left = _settle(base, client, material)
        if give_up is not None:
            _give_up(base, client, material, give_up, left)
            return
        new = _propose(base, material, wanted)
        click.echo(f"{new} new in the ledger, {len(wanted) - new} there before.")
        _pay(base, client, material, study_id)


def _read(base: "Database", material: "Material", file: Path | None) -> "Sequence[Bonus]":
    from prolific_config.bonuses import read_bonuses

    currency = _currency(base, material)
    return read_bonuses(file, currency) if file is not None else ()


def _rehearse(base: "Database", material: "Material", wanted: "Sequence[Bonus]") -> None:
    """Say what would be proposed and paid; it is checked as it would be, and nothing of it is kept."""
    from prolific_config.money import Money
    from study_server.prolific import ledger, recruitment

    with base.reading() as db:
        ledger.propose(db, material, wanted, actor())
        rows = [row for row in ledger.bonuses(db, material) if row.batch is None or row.batch.state in ledger.WAITING]
        for row in rows:
            click.echo(f"  {row.submission.external_id}  {ledger.amount_of(row)}  {row.reason}")
        amount = Money(sum(row.cents for row in rows), recruitment.required_table(db, material).currency)
        db.rollback()
    click.echo(f"Would pay {len(rows)} bonuses: {amount} to participants; Prolific's fee and tax come on top.")
    click.echo("Nothing was sent and nothing was stored (--dry-run).")


def _settle(base: "Database", client: "Client", material: "Material") -> "list[Uncertain]":
    from study_server.prolific import paying

    left = paying.settle(base, client, material)
    for one in left:
        click.echo(said(one), err=True)
    return left


def said(one: "Uncertain") -> str:
    """Return what is known of a payment that broke off, for a person."""
    return (
        f"Batch {one.batch_id} is uncertain since {one.since:%d %b %H:%M} UTC: Prolific shows {len(one.shown)} of its "
        f"bonuses and not {len(one.missing)} ({one.amount})."
    )


def _give_up(base: "Database", client: "Client", material: "Material", batch: int, left: "list[Uncertain]") -> None:
    from study_server.prolific import paying

    amounts = [one.amount.decimal for one in left if one.batch_id == batch]
    question = f"Type the amount, {amounts[0]}, to say that it was not paid" if amounts else ""
    typed = click.prompt(question, default="", show_default=False) if question else ""
    one = paying.give_up(base, client, material, batch, typed, actor())
    click.echo(f"{len(one.missing)} bonuses are proposed again; run the command without --give-up to pay them.")


def _propose(base: "Database", material: "Material", wanted: "Sequence[Bonus]") -> int:
    from study_server.prolific import ledger

    return base.write(lambda db: ledger.propose(db, material, wanted, actor()))


def _pay(base: "Database", client: "Client", material: "Material", study_id: str | None) -> None:
    """Set up what is proposed, let the total be typed, and ask Prolific once to pay it."""
    from study_server.prolific import ledger, paying, recruitment

    waiting = ledger.set_up(base, client, material, recruitment.find(base, client, material, study_id))
    if not waiting:
        click.echo("Nothing is left to pay.")
        return
    ids = [batch.id for batch in waiting]
    typed = click.prompt(_question(base, material, waiting), default="", show_default=False)
    base.write(lambda db: ledger.confirm(db, material, ids, typed, actor()))
    for batch in ids:
        paying.pay(base, client, material, batch, actor())
    click.echo(f"Asked Prolific to pay {len(ids)} batch(es), which it does within minutes.")


def _question(base: "Database", material: "Material", waiting: "Sequence[BonusBatch]") -> str:
    from prolific_config.publishing import said as said_of
    from study_server.prolific import ledger

    currency = _currency(base, material)
    total, rewards = ledger.total_of(waiting, currency), ledger.rewards_of(waiting, currency)
    return f"{said_of(rewards, total)}.\nType the amount, {total.decimal}, to spend it"


def _currency(base: "Database", material: "Material") -> "Currency":
    from study_server.prolific import recruitment

    with base.reading() as db:
        return recruitment.required_table(db, material).currency

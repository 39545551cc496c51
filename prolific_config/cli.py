"""`budgetfusion prolific`: from a study file to a published study. Whatever spends money asks for the amount first."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click

from prolific_config import cli_options
from prolific_config.cli_options import CODES, DRY_RUN, PUBLIC_URL, STUDY_FILE, STUDY_ID
from prolific_config.cli_running import approve, status

COMMANDS = "budgetfusion.prolific"


class ProlificGroup(click.Group):
    """Its own commands, and those that other packages add by entry points: what needs the database is the server's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return [*super().list_commands(ctx), *sorted(_added())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, imported if another package brings it."""
        added = _added().get(cmd_name)
        return added.load() if added else super().get_command(ctx, cmd_name)


@click.group(cls=ProlificGroup)
def prolific() -> None:
    """Ask people on Prolific: draft, test, publish, watch and approve a study."""


@prolific.command()
@STUDY_FILE
def validate(study_file: Path) -> None:
    """Check [prolific] of a study file against Prolific's rules; asks nobody."""
    from prolific_config.policy import refuse

    study, table = cli_options.read(study_file)
    findings = cli_options.lint(study, table)
    refuse(findings)
    click.echo(f"{study_file}: [prolific] is valid, with {len(findings)} warning(s).")


@prolific.command()
@STUDY_FILE
@CODES
@PUBLIC_URL
def show(study_file: Path, codes: Path, public_url: str) -> None:
    """Print what to type for those who publish by hand on Prolific's pages; asks nobody."""
    from prolific_config.codes import CODE_TYPES

    _, table, wanted = cli_options.wanted(study_file, codes, public_url)
    rewards = table.reward_money * wanted.total_available_places
    click.echo(f"Study URL       {wanted.external_study_url}")
    click.echo("Participant id  by URL parameters")
    click.echo(f"Places          {wanted.total_available_places}")
    click.echo(f"Reward          {table.reward_money} for {table.minutes} minutes")
    click.echo(f"To participants {rewards}; Prolific's fee and tax come on top")
    click.echo("Completion codes:")
    for outcome, code in zip(CODE_TYPES, wanted.completion_codes, strict=True):
        actions = ", ".join(action.action for action in code.actions)
        click.echo(f"  {outcome:<14} {code.code:<12} {code.code_type:<23} {actions}")


@prolific.command()
@STUDY_FILE
@CODES
@PUBLIC_URL
@STUDY_ID
@DRY_RUN
def draft(study_file: Path, codes: Path, public_url: str, study_id: str | None, dry_run: bool) -> None:
    """Make or update the draft on Prolific; it spends nothing and nobody sees it."""
    from prolific_config.costs import cost_of
    from prolific_config.publishing import ensure_draft, estimate

    study, table, wanted = cli_options.wanted(study_file, codes, public_url)
    client = cli_options.client()
    if dry_run:
        click.echo(f"Would draft {estimate(client, table, wanted.total_available_places)}")
        click.echo("Nothing was sent but the question what it costs (--dry-run).")
        return
    there, done = ensure_draft(client, study.study.name, wanted, study_id)
    click.echo(f"Draft {done}: {there.id} ({there.status}), {there.total_available_places} places.")
    click.echo(f"Would cost {cost_of(client.cost(there.id, is_projected=True), table.currency)}. Nothing is spent yet.")
    click.echo(f"Study URL: {wanted.external_study_url}")


@prolific.command()
@STUDY_FILE
@STUDY_ID
@click.option("--email", help="First make a test participant with this address, which Prolific must not know yet.")
@DRY_RUN
def test(study_file: Path, study_id: str | None, email: str | None, dry_run: bool) -> None:
    """Let test participants take the draft; it costs nothing."""
    from prolific_config.publishing import required

    study, _ = cli_options.read(study_file)
    client = cli_options.client()
    there = required(client, study.study.name, study_id)
    if dry_run:
        click.echo(f"Would make a test copy of {there.id}; it costs nothing. Nothing was made (--dry-run).")
        return
    if email:
        click.echo(f"Made test participant {client.create_test_participant(email).participant_id}.")
    copy = client.create_test_study(there.id)
    click.echo(f"Test study {copy.study_id}, which costs nothing: {copy.study_url}")


@prolific.command()
@STUDY_FILE
@CODES
@PUBLIC_URL
@STUDY_ID
@DRY_RUN
def publish(study_file: Path, codes: Path, public_url: str, study_id: str | None, dry_run: bool) -> None:
    """Publish the study, or add places to it, after the amount has been typed."""
    from prolific_config.publishing import carry_out, ensure_draft, propose, rehearse, required

    study, table, wanted = cli_options.wanted(study_file, codes, public_url)
    client, name = cli_options.client(), study.study.name
    there = required(client, name, study_id)
    if dry_run:
        click.echo(rehearse(client, name, wanted, there, table))
        click.echo("Nothing was spent (--dry-run).")
        return
    there, _ = ensure_draft(client, name, wanted, there.id)
    proposal = propose(client, name, wanted, there, table)
    click.echo(proposal.words)
    if proposal.action != "nothing":
        cli_options.confirm(proposal.amount)
        there = carry_out(client, name, wanted, there, table, proposal)
    click.echo(f"Study {there.id} is {there.status} with {there.total_available_places} places.")


prolific.add_command(status)
prolific.add_command(approve)


def _added() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=COMMANDS)}

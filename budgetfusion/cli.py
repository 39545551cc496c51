"""The one command, `budgetfusion`: finds its commands by name and imports only the one that is called."""

import errno
import sys
from importlib.metadata import EntryPoint, entry_points

import click

from budgetfusion.errors import BudgetFusionError, FileAccessError, MissingExtraError, NoSpaceError

COMMANDS = "budgetfusion.commands"

SUMMARIES = {
    "demo": "The whole path on a small study, end to end.",
    "doctor": "Check this machine and name every remedy.",
    "predict": "Predict how many denoising steps a prompt deserves.",
    "generate": "Make an image with the predicted number of steps.",
    "prompts": "Keep the prompts of a file that are unlike each other.",
    "measure": "Measure quality against step count for many prompts.",
    "train": "Train a predictor on a measurement table.",
    "evaluate": "Generate and measure at the steps that each rule chooses.",
    "stepsaver": "Label prompts by SSIM and compare recommenders (a reconstruction).",
    "stimuli": "Render, import, verify and look at a study's images.",
    "study": "Make, check, serve, simulate and export a study.",
    "prolific": "Draft, publish, watch and approve a study on Prolific.",
    "analyze": "Turn choices and evaluations into a report.",
}
"""One line for each command, so that `--help` imports none of them (a test holds the names together)."""

EXTRAS = {
    "torch": "generate",
    "diffusers": "generate",
    "transformers": "generate",
    "plotext": "generate",
    "skimage": "generate",
    "torch_fidelity": "inception",
    "dreamsim": "dreamsim",
    "ray": "distributed",
    "flask": "server",
    "sqlalchemy": "server",
    "alembic": "server",
    "waitress": "server",
    "httpx": "prolific",
    "jwt": "prolific",
    "tenacity": "prolific",
    "pandas": "analysis",
    "statsmodels": "analysis",
    "matplotlib": "analysis",
    "scipy": "analysis",
    "jinja2": "analysis",
}
"""The extra that brings each optional package."""


class LazyGroup(click.Group):
    """A group whose commands are entry points, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the installed commands, in the order of `SUMMARIES`."""
        installed = _commands()
        return [name for name in SUMMARIES if name in installed]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or none if there is no such name."""
        found = _commands().get(cmd_name)
        return found.load() if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="budgetfusion")
def cli() -> None:
    """Predict how many denoising steps a prompt deserves, and ask people whether they see what is left out."""


def main() -> None:
    """Run the command line; an expected failure is one line on standard error and exit code 1."""
    try:
        cli.main(prog_name="budgetfusion")
    except BudgetFusionError as error:
        _fail(error)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _fail(NoSpaceError(error.filename or "this folder"))
        if error.filename is None:
            raise
        _fail(FileAccessError(error.filename, str(error.strerror)))
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        _fail(MissingExtraError(str(error.name), extra))


def _commands() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=COMMANDS)}


def _fail(error: BudgetFusionError) -> None:
    click.echo(f"error: {error}", err=True)
    sys.exit(1)

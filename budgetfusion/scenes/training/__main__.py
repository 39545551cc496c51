"""`python -m budgetfusion.scenes.training`: retrain the embedded world; the same command again continues."""

import sys
from pathlib import Path

import click

from budgetfusion.cli import EXTRAS
from budgetfusion.errors import BudgetFusionError, MissingExtraError
from budgetfusion.scenes.training.folder import TrainingFolder
from budgetfusion.scenes.training.settings import FULL_MINUTES, SMOKE, STAGE_NAMES, Settings, full_for

_INTERRUPTED = 130  # the exit code of a program that Ctrl-C stopped


class StageNames(click.ParamType[list[str]]):
    """Names of stages, with commas between."""

    name = "stages"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """Split the names, and refuse one that is no stage's."""
        names = str(value).split(",")
        unknown = [name for name in names if name not in STAGE_NAMES]
        if unknown:
            self.fail(f"'{unknown[0]}' is no stage; there are {', '.join(STAGE_NAMES)}.", param, ctx)
        return names


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to fill.")
@click.option("--device", default="auto", show_default=True, help="'auto', 'cpu', 'cuda' or 'cuda:N'.")
@click.option(
    "--minutes",
    default=float(FULL_MINUTES),
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Training time on two CPU cores, by which the numbers of steps are scaled.",
)
@click.option(
    "--start",
    type=click.Path(exists=True, file_okay=False),
    help="Pipeline whose autoencoder is kept and whose denoiser is the beginning, instead of chance.",
)
@click.option("--smoke", is_flag=True, help="Run the whole chain at a tiny size instead, in half a minute.")
@click.option(
    "--stages", type=StageNames(), default=",".join(STAGE_NAMES), show_default=True, help="Only these stages."
)
def train(out: Path, device: str, minutes: float, start: str | None, smoke: bool, stages: list[str]) -> None:
    """Train the embedded text-to-image model from nothing, or continue where a run of this command stopped."""
    _run(out, SMOKE if smoke else full_for(minutes, start or ""), device, stages)
    if "assemble" in stages:
        click.echo(f"Weights: {out / 'pipeline'} and {out / 'clip'}; pictures: {out / 'sheet.png'}")


def main() -> None:
    """Run the command; an expected failure is one line, and an interruption names the way on."""
    try:
        train.main(prog_name="python -m budgetfusion.scenes.training", standalone_mode=False)
    except BudgetFusionError as error:
        _fail(error)
    except ModuleNotFoundError as error:
        extra = EXTRAS.get((error.name or "").split(".")[0])
        if extra is None:
            raise
        _fail(MissingExtraError(str(error.name), extra))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped after a checkpoint; the same command continues.", err=True)
        sys.exit(_INTERRUPTED)


def _run(out: Path, settings: Settings, device: str, stages: list[str]) -> None:
    """Import the libraries, quietly and only now (`--help` needs none), and run the stages."""
    import torch
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    from budgetfusion.scenes.training.stages import run_stages

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    run_stages(TrainingFolder(out), settings, torch.device(device), stages, report=click.echo)


def _fail(error: BudgetFusionError) -> None:
    click.echo(f"error: {error}", err=True)
    sys.exit(1)


if __name__ == "__main__":
    main()

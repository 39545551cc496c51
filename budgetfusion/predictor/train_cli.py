"""`budgetfusion train`: a predictor, or every row of the paper's Table 1."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, get_args

import click

from budgetfusion.diffusion.options import load_model, model_options
from budgetfusion.predictor.training import Precision
from budgetfusion.predictor.variants import VARIANTS
from budgetfusion.progress import bar


class PredictorByDefault(click.Group):
    """A group that takes a file where a command's name should stand as `predictor FILE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `predictor` before the words, if the first is neither a command nor an option of the group."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["predictor", *args]
        return super().parse_args(ctx, args)


@click.group(cls=PredictorByDefault)
def train() -> None:
    """Train a predictor, or every variant of the paper's Table 1; a file alone means `predictor FILE`."""


_held_out = click.option(
    "--held-out", type=click.Path(path_type=Path), help="A file of prompts that nothing is to be learned from."
)


@train.command()
@click.argument("measurements", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Where the predictor goes.")
@click.option("--size", type=click.Choice(["small", "paper"]), default="small", show_default=True)
@click.option("--epochs", type=click.IntRange(1), help="Passes over the prompts.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the training's chance.")
@_held_out
@model_options
def predictor(
    measurements: Path,
    out: Path,
    size: Literal["small", "paper"],
    epochs: int | None,
    seed: int,
    held_out: Path | None,
    **options: Any,
) -> None:
    """Train a predictor on MEASUREMENTS, the table that `budgetfusion measure` wrote."""
    from budgetfusion.predictor.fitting import train_predictor
    from budgetfusion.prompts import read_prompts

    loaded = load_model(**options, text_only=True)
    asked = read_prompts(held_out) if held_out else ()
    made = train_predictor(loaded, measurements, size=size, epochs=epochs, held_out=asked, seed=seed)
    made.save(out)
    facts = made.facts
    click.echo(f"Predictor: {out} ({facts['prompts']} prompts, loss {facts['loss']:.3g})")


@train.command()
@click.argument("measurements", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The prediction table (Parquet).")
@click.option("--checkpoints", type=click.Path(path_type=Path, file_okay=False), help="Where networks are kept.")
@click.option("--variant", "names", type=click.Choice(VARIANTS), multiple=True, default=VARIANTS, help="Repeatable.")
@click.option("--hidden", type=click.IntRange(1), default=512, show_default=True, help="Of the paper's layout.")
@click.option("--epochs", type=click.IntRange(1), help="Of the paper's layout.")
@click.option(
    "--precision",
    type=click.Choice(get_args(Precision)),
    default="float32",
    show_default=True,
    help="In which the paper's layout learns.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the training's chance.")
@_held_out
@model_options
def table1(
    measurements: Path,
    out: Path,
    checkpoints: Path | None,
    names: tuple[str, ...],
    held_out: Path | None,
    hidden: int,
    epochs: int | None,
    precision: Precision,
    seed: int,
    **options: Any,
) -> None:
    """Train every variant of the paper's Table 1 on MEASUREMENTS and write what each says of held-out prompts."""
    from budgetfusion.predictions import write_predictions
    from budgetfusion.predictor.fitting import rows_of
    from budgetfusion.predictor.table1 import Split, Table1
    from budgetfusion.prompts import read_prompts

    loaded = load_model(**options, text_only=True)
    split = Split.of(rows_of(loaded, measurements), read_prompts(held_out) if held_out else None)
    table = Table1(loaded, split, checkpoints or out.with_name(f"{out.name}.checkpoints"))
    with _told() as told:
        answers = table.answers(names, told, hidden=hidden, epochs=epochs, precision=precision, seed=seed)
    rows = write_predictions(out, answers, table.labels)
    for line in table.lines(answers):
        click.echo(line)
    click.echo(f"Predictions: {out} ({rows} rows, {len(table.labels.prompts)} held-out prompts)")


@contextmanager
def _told() -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar over the epochs of the variant that is being trained."""
    with bar("training", 1000) as advance:
        yield lambda name, done, total: advance(done * 1000 // total)

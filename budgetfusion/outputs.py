"""The files of an evaluation: rows, scores of sets, transfers to other schedulers, figures; what is there is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from budgetfusion import scores
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.evaluate import Evaluation, Question
from budgetfusion.measurements import EVALUATION, SCORE, TRANSFER, read_table, write_table
from budgetfusion.metrics import Encoder
from budgetfusion.metrics.networks import network
from budgetfusion.parts import Parts
from budgetfusion.progress import bar
from budgetfusion.shots import SHOT, Shot
from budgetfusion.transfers import Transfers

Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Which files are wanted, and where.

    Attributes:
        out: The evaluation table.
        scores: The score table, if wanted.
        networks: Through which sets are scored.
        real: A folder of images that the Fréchet distance is to; none: the reference's of the most steps.
        transfer: The transfer table, if wanted.
        figures: The folder of figures, if wanted.
    """

    out: Path
    scores: Path | None = None
    networks: tuple[str, ...] = ("scenes",)
    real: Path | None = None
    transfer: Path | None = None
    figures: Path | None = None


def write(model: Model, question: Question, wanted: Wanted, encoder: Encoder, predictor: Path | None = None) -> None:
    """Make every file that is wanted and not yet there, and say where each is.

    Args:
        model: The diffusion model.
        question: What is compared.
        wanted: Which files.
        encoder: The features of the metrics.
        predictor: That gave the budgets, if it is not the shipped one; for figures.
    """
    _evaluation(model, question, wanted, encoder)
    if wanted.transfer:
        _transfer(model, question, wanted.transfer, encoder)
    if wanted.figures:
        from budgetfusion.figures import draw

        for path in draw(model, question, wanted.figures, encoder, predictor):
            click.echo(f"Figure: {path}")


def _evaluation(model: Model, question: Question, wanted: Wanted, encoder: Encoder) -> None:
    evaluation = Evaluation(model, question)
    for name, mixture in evaluation.mixtures.items():
        click.echo(f"{name}: {mixture}", err=True)
    kept = _kept(wanted.out, EVALUATION)
    if evaluation.answers(kept, encoder) and (not wanted.scores or wanted.scores.is_file()):
        click.echo(f"Evaluation: {wanted.out} ({len(kept)} rows, kept)")
        return
    networks = {name: network(name) for name in wanted.networks} if wanted.scores else {}
    with bar("evaluating", 1000) as advance:
        progress = lambda done, total: advance(done * 1000 // total)  # noqa: E731
        measured = evaluation.measured(encoder, networks, wanted.out, progress)
    rows = evaluation.rows(measured, encoder)
    if wanted.scores:
        _scores(evaluation, measured, wanted)
    write_table(wanted.out, rows, EVALUATION)
    Parts(wanted.out, SHOT).clear()
    click.echo(f"Evaluation: {wanted.out} ({len(rows)} rows)")


def _scores(evaluation: Evaluation, measured: Mapping[Shot, Row], wanted: Wanted) -> None:
    if wanted.scores is None:
        return
    if wanted.real:
        real, to = scores.real_images(wanted.real, {name: network(name) for name in wanted.networks}), wanted.real.name
    else:
        real = scores.last_references(evaluation, measured, wanted.networks)
        to = f"EULER-{max(evaluation.question.references)}"
    rows = list(scores.scores(evaluation, measured, wanted.networks, real, to))
    write_table(wanted.scores, rows, SCORE)
    click.echo(f"Scores: {wanted.scores} ({len(rows)} rows)")


def _transfer(model: Model, question: Question, path: Path, encoder: Encoder) -> None:
    transfers = Transfers(model, question.budgets, question.seeds, question.references[0])
    kept = _kept(path, TRANSFER)
    if transfers.answers(kept, encoder):
        click.echo(f"Transfer: {path} ({len(kept)} rows, kept)")
        return
    with bar("transferring", len(transfers.schedulers)) as advance:
        rows = transfers.rows(encoder, path, advance)
    write_table(path, rows, TRANSFER)
    Parts(path, TRANSFER).clear()
    click.echo(f"Transfer: {path} ({len(rows)} rows)")


def _kept(path: Path, schema: pa.Schema) -> list[Row]:
    return read_table(path, schema) if path.is_file() else []

"""The command group `budgetfusion analyze`: choices and evaluations in, a report out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analysis import model_cli

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from analysis.efficiency import Efficiency
    from analysis.validate import Outcome

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)

WIDTH = 100
"""Columns of a table that no terminal sees."""

CAPTION = (
    "The mean of per-prompt ratios rewards any budget that varies, wherever its steps go: compare with PERMUTED. "
    "Only the ratio of means compares rules fairly."
)


@click.group()
def analyze() -> None:
    """Turn choices and evaluations into a report."""


for command in (model_cli.scale, model_cli.thresholds, model_cli.power, model_cli.audit):
    analyze.add_command(command)


@analyze.command()
@click.argument("choices", type=FILE, nargs=-1, required=True)
@click.option(
    "--stimuli", "--manifest", "stimuli", type=click.Path(path_type=Path), multiple=True, help="What they are about."
)
@click.option("--study", "--plan", "study", type=FILE, multiple=True, help="The study file, or a plan [analysis].")
@click.option("--evaluation", type=FILE, help="Rows from `budgetfusion evaluate`.")
@click.option("--compare", metavar="A:B", multiple=True, help="Two conditions; the choices of A are counted.")
@click.option(
    "--mode",
    type=click.Choice(["live", "pilot", "preview", "bot"]),
    help="Whose choices.  [default: the first of these that is there]",
)
@click.option("--out", type=FOLDER, required=True, help="Folder for the report.")
@click.option("--json", "as_json", is_flag=True, help="Print where the result is as JSON.")
def report(
    choices: tuple[Path, ...],
    stimuli: tuple[Path, ...],
    study: tuple[Path, ...],
    evaluation: Path | None,
    compare: tuple[str, ...],
    mode: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Write one self-contained report about CHOICES (CSV, JSONL or Parquet), one file or several.

    Files are matched by the digests that they carry, so their order does not matter.
    """
    from analysis.report import write_report

    pairs = [_pair(text) for text in compare]
    made = write_report(choices, stimuli, out, evaluation=evaluation, study=study, mode=mode, compare=pairs)
    if as_json:
        places = {"report": str(made.html), "results": str(made.results)}
        click.echo(json.dumps(places | {"headline": made.headline, "verdict": made.verdict}, ensure_ascii=False))
        return
    click.echo(f"{made.headline}\n{made.verdict}\nReport: {made.html}\nResults: {made.results}")


def _pair(text: str) -> tuple[str, str]:
    first, _, second = text.partition(":")
    if not first or not second:
        raise click.BadParameter(
            f"found '{text}', expected two conditions with a colon between", param_hint="--compare"
        )
    return first, second


@analyze.command()
@click.argument("evaluation", type=FILE)
@click.option("--reference", type=click.IntRange(1), help="Steps of the reference.  [default: those of REFERENCE]")
@click.option("--own", is_flag=True, help="Compare samplers with their own reference, not with Euler's.")
@click.option("--measurements", type=FILE, help="Measurement table: OURS among 1,000 shuffles on its curves (Parquet).")
@click.option("--seed", default=0, show_default=True, help="Of the bootstrap.")
@click.option("--json", "as_json", is_flag=True, help="Print the tables as JSON.")
def efficiency(
    evaluation: Path, reference: int | None, own: bool, measurements: Path | None, seed: int, as_json: bool
) -> None:
    """Print quality and quality per computation of each rule of an EVALUATION (Parquet)."""
    from dataclasses import replace

    from analysis.efficiency import efficiency as tables
    from analysis.load import read_evaluation, read_measurements
    from analysis.render import to_json
    from analysis.shuffles import against_shuffles

    rows = read_evaluation(evaluation)
    result = tables(rows, reference=reference, own=own, seed=seed)
    if measurements:
        result = replace(result, shuffles=against_shuffles(rows, read_measurements(measurements), seed=seed))
    if as_json:
        click.echo(to_json(result))
        return
    _print(result)


@analyze.command()
@click.argument("evaluation", type=FILE)
@click.option("--costs", type=FILE, help="Cost table of one machine, for seconds (Parquet).")
@click.option("--scores", type=FILE, help="Score table, for IS and FID (Parquet).")
@click.option("--predictions", type=FILE, help="Prediction table, for the predictor's error (Parquet).")
@click.option("--measurements", type=FILE, help="Measurement table, for shuffles on measured curves (Parquet).")
@click.option("--out", type=FOLDER, required=True, help="Folder for the document, its tables and figures.")
@click.option("--reference", type=click.IntRange(1), help="Steps of the reference.  [default: those of REFERENCE]")
@click.option("--own", is_flag=True, help="Compare samplers with their own reference, not with Euler's.")
@click.option("--seed", default=0, show_default=True, help="Of the bootstrap.")
def paper(
    evaluation: Path,
    costs: Path | None,
    scores: Path | None,
    predictions: Path | None,
    measurements: Path | None,
    out: Path,
    reference: int | None,
    own: bool,
    seed: int,
) -> None:
    """Make the papers' tables and figures again from an EVALUATION (Parquet), the papers' figures beside."""
    from analysis.paper_document import read_given, write_paper

    given = read_given(evaluation, costs, scores, predictions, measurements)
    click.echo(f"Wrote {write_paper(given, out, reference=reference, own=own, seed=seed)}.")


@analyze.command()
@click.option("--data", type=FOLDER, required=True, help="Folder with the published data sets, as CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def validate(data: Path, as_json: bool) -> None:
    """Recompute published results from published data; exit with 1 if one is missed."""
    from analysis.validate import validate as recompute

    outcomes = recompute(data)
    if as_json:
        from analysis.render import to_json

        rows = [{"id": o.check.id, "quantity": o.check.quantity, "file": o.check.file} for o in outcomes]
        numbers = [{"published": o.check.published, "found": o.found, "miss": o.miss} for o in outcomes]
        ends = [{"tolerance": o.check.tolerance, "holds": o.holds} for o in outcomes]
        click.echo(to_json([row | n | end for row, n, end in zip(rows, numbers, ends, strict=True)]))
    else:
        _print_outcomes(outcomes)
    if not all(outcome.holds for outcome in outcomes):
        raise SystemExit(1)


def _print_outcomes(outcomes: list[Outcome]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("id", "quantity", title="Published results, recomputed")
    for name in ("published", "recomputed", "largest miss", "tolerance", "holds"):
        table.add_column(name, justify="right")
    for outcome in outcomes:
        check = outcome.check
        published, found = (" ".join(f"{n:.7g}" for n in row) for row in (check.published, outcome.found))
        verdict = "yes" if outcome.holds else "NO"
        miss = f"{outcome.miss:.1g}"
        table.add_row(check.id, check.quantity, published, found, miss, f"{check.tolerance:g}", verdict)
    Console().print(table)
    click.echo(f"{sum(outcome.holds for outcome in outcomes)} of {len(outcomes)} hold")


def _print(result: Efficiency) -> None:
    from rich.console import Console
    from rich.table import Table

    from analysis.efficiency import QUALITIES
    from analysis.rounding import number, plus_minus, span

    table = Table(title=_title(result), caption=CAPTION, caption_justify="left")
    for name in ("rule", "quality"):
        table.add_column(name, no_wrap=True)
    for name in ("steps", result.unit, "mean±SE", "ratio of\nmeans", "mean of\nratios"):
        table.add_column(name, justify="right", no_wrap=True)
    for rule in result.rules.itertuples():
        cost = [number(rule.num_steps, rule.num_steps_se), number(rule.computation, otherwise=2)]
        rows = result.quality[result.quality["rule"] == rule.rule].to_dict("records")
        for place, row in enumerate(rows):
            first = (
                [str(rule.rule), QUALITIES[row["quality"]], *cost]
                if place == 0
                else ["", QUALITIES[row["quality"]], "", ""]
            )
            ratios = [number(100 * row[average], otherwise=3) for average in ("ratio_of_means", "mean_of_ratios")]
            table.add_row(
                *first,
                plus_minus(row["mean"], row["se"], 4).replace(" ± ", "±"),
                *ratios,
                end_section=place == len(rows) - 1,
            )
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(table)
    for row in result.differences.to_dict("records"):
        gap = number(row["difference"], (row["high"] - row["low"]) / 2)
        name = f"{row['rule']} − {row['other']}, {QUALITIES[row['quality']]}"
        console.print(f"{name:36} {gap:>9} {span(row['low'], row['high'])}", markup=False, highlight=False)
    console.print(result.sentence, markup=False, highlight=False)
    if result.shuffles is not None:
        _print_shuffles(console, result.shuffles)


def _print_shuffles(console: Console, shuffles: pd.DataFrame) -> None:
    from analysis.efficiency import QUALITIES
    from analysis.rounding import number, percent

    count = shuffles["shuffles"].iloc[0]
    console.print(
        f"\nOn measured curves, beside {count:,} shuffles of OURS' steps (beaten: share of them below the rule)"
    )
    for row in shuffles.to_dict("records"):
        gap = number(row["mean"] - row["shuffled"], row["shuffled_sd"])
        name = f"{row['rule']} − shuffles, {QUALITIES[row['quality']]}"
        beaten = f"beaten {percent(row['beaten'])} %"
        console.print(
            f"{name:36} {gap:>9}, SD {number(row['shuffled_sd'], row['shuffled_sd'])}, {beaten}",
            markup=False,
            highlight=False,
        )


def _title(result: Efficiency) -> str:
    n = f"{result.n_prompts} prompts, {result.n_seeds} seed(s), {result.n_replicates} permutation(s)"
    n += f"; compared with {result.reference} steps"
    return f"Quality, and quality per computation (1e-2 per {result.unit}); {n}"

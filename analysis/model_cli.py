"""Commands of `budgetfusion analyze` that fit models and plan studies: scale, thresholds, power, audit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    import pandas as pd

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
BELOW_ONE = click.FloatRange(0, 1, max_open=True)

PLAN = click.option("--plan", type=FILE, help="Study file or plan with the exclusions; without it nobody is excluded.")
OUT = click.option("--out", type=FOLDER, help="Folder for tables and figures.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
LEVEL = click.option("--level", type=SHARE, default=0.95, show_default=True, help="Of the intervals.")


@click.command()
@click.argument("choices", type=FILE)
@PLAN
@click.option("--model", type=click.Choice(["thurstone", "bradley-terry"]), default="thurstone", show_default=True)
@click.option("--prior", type=click.Choice(["none", "gaussian"]), default="none", show_default=True)
@click.option("--by", type=click.Choice(["prompt", "item_id"]), help="Also one scale for each of these.")
@click.option("--position", is_flag=True, help="Estimate the advantage of the left side.")
@LEVEL
@OUT
@JSON
def scale(
    choices: Path,
    plan: Path | None,
    model: Literal["thurstone", "bradley-terry"],
    prior: Literal["none", "gaussian"],
    by: str | None,
    position: bool,
    level: float,
    out: Path | None,
    as_json: bool,
) -> None:
    """Put all conditions of CHOICES on one axis, in JND, with every pair compared."""
    from analysis.contrasts import contrasts, places
    from analysis.model_files import ALL, make_scales, read_rows, write_scales

    made = make_scales(read_rows(choices, plan), model, prior, by=by, position=position)
    files = write_scales(made, out, level) if out else []
    whole = made.scales[ALL]
    pairs = contrasts(whole, level)
    if as_json:
        _json({"scales": made.scales, "contrasts": pairs, "screening": made.screening, "files": list(map(str, files))})
        return
    title = f"{model}, {whole.n_choices:.0f} choices of {whole.n_participants} participants, {whole.estimator}"
    _table(title, places(whole, level))
    told = int(pairs["differs"].sum())
    click.echo(f"{told} of {len(pairs)} pairs differ after Holm's correction.")
    if whole.is_separated:
        click.echo("Some choices were unanimous: only the prior keeps those conditions at a finite distance.")
    if whole.position is not None:
        click.echo(f"Advantage of the left side: {whole.position:.3f} (SE {whole.position_se:.3f}, the link's units).")
    odd = made.screening[made.screening["score"] > 1.5] if made.screening is not None else None
    if odd is not None and len(odd):
        names = ", ".join(f"{row.participant} ({row.score:.2f})" for row in odd.itertuples())
        click.echo(f"Chose unlike the others, and deserve a look (nobody is excluded): {names}.")
    _end(files, made.simulated)


@click.command()
@click.argument("choices", type=FILE)
@PLAN
@click.option("--reference", default="REFERENCE", show_default=True, help="The condition that others stood beside.")
@click.option("--against", type=click.Choice(["steps", "tflop", "name"]), default="steps", show_default=True)
@click.option("--cost", type=FILE, help="Cost table, for --against tflop.")
@click.option("--at", metavar="CONDITION=NUMBER", multiple=True, help="The level of a condition.")
@click.option("--count", type=click.Choice(["reference", "other"]), default="reference", show_default=True)
@click.option("--link", type=click.Choice(["probit", "logit", "weibull"]), default="probit", show_default=True)
@click.option("--guess", type=BELOW_ONE, default=0.5, show_default=True, help="Rate of who sees nothing.")
@click.option("--lapse", type=BELOW_ONE, help="Rate of misses of who sees all.  [default: fitted, up to 0.1]")
@click.option("--axis", type=click.Choice(["log", "linear"]), default="log", show_default=True)
@click.option("--threshold", type=SHARE, default=0.75, show_default=True, help="The rate at the threshold.")
@click.option("--by", type=click.Choice(["prompt", "participant"]), help="Also one curve for each of these.")
@click.option("--replicates", type=click.IntRange(50), default=2000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", default=0, show_default=True, help="Of the bootstrap.")
@LEVEL
@OUT
@JSON
def thresholds(choices: Path, plan: Path | None, out: Path | None, as_json: bool, **how: Any) -> None:
    """Find how many steps people need before they no longer tell an image from the reference, from CHOICES."""
    from analysis.links import LINKS
    from analysis.model_files import find_thresholds, levels, read_rows, write_thresholds
    from analysis.thresholds import Options

    if how["against"] == "tflop" and how["cost"] is None:
        raise click.UsageError("--against tflop needs --cost.")
    rows = read_rows(choices, plan)
    given = levels(rows, how["reference"], how["against"], how["cost"], dict(_level(text) for text in how["at"]))
    options = Options(
        link=LINKS[how["link"]],
        guess=how["guess"],
        lapse=how["lapse"],
        log_x=how["axis"] == "log",
        at=how["threshold"],
        level=how["level"],
        replicates=how["replicates"],
        seed=how["seed"],
    )
    found = find_thresholds(rows, how["reference"], given, how["by"], options, how["count"] == "other")
    files = write_thresholds(found, out) if out else []
    table = found.thresholds.table
    if as_json:
        _json({"thresholds": table, "hierarchy": found.hierarchy, "files": list(map(str, files))})
        return
    shown = {"n_choices": "choices", "n_participants": "people", "deviance_p": "fit p"}
    columns = ["group", *shown.values(), "threshold", "low", "high", "lapse", "phi", "status"]
    _table(
        f"Threshold at {100 * options.at:g} %, {given[1]}; {table['estimator'][0]}",
        table.rename(columns=shown)[columns],
    )
    if found.hierarchy is not None:
        h = found.hierarchy
        click.echo(
            f"A typical {how['by']}: {h.threshold:.3g} [{h.low:.3g}, {h.high:.3g}], others scatter by an SD of "
            f"{h.spread:.2g} in {'log ' if options.log_x else ''}{given[1]} ({h.estimator})."
        )
    _end(files, found.simulated)


@click.command()
@click.option("--rate", type=SHARE, required=True, help="Selection rate that you expect, over people and prompts.")
@click.option("--participants", type=click.IntRange(2), help="Without it, the fewest that reach --target.")
@click.option("--trials", type=click.IntRange(1), default=100, show_default=True, help="Main trials of each.")
@click.option("--prompts", type=click.IntRange(2), default=100, show_default=True, help="Different prompts.")
@click.option("--catch", type=click.IntRange(0), default=0, show_default=True, help="Catch trials of each.")
@click.option("--margin", type=SHARE, default=0.5, show_default=True, help="Show a rate above this; 0.25 is 1 JND.")
@click.option("--bound-lapses", is_flag=True, help="Even if as many were careless as catch trials allow.")
@click.option("--alpha", type=SHARE, default=0.025, show_default=True, help="One-sided.")
@click.option("--target", type=SHARE, default=0.9, show_default=True, help="Power that is wanted.")
@click.option("--sd-participant", type=click.FloatRange(0), default=0.35, show_default=True, help="SD of logits.")
@click.option("--sd-prompt", type=click.FloatRange(0), default=0.6, show_default=True, help="SD of logits.")
@click.option("--lapse", type=BELOW_ONE, default=0.0, show_default=True, help="Share of careless answers.")
@click.option("--pay", type=click.FloatRange(0), default=9.0, show_default=True, help="GBP per hour.")
@click.option("--seconds-per-trial", type=click.FloatRange(0), default=8.0, show_default=True)
@click.option("--overhead-minutes", type=click.FloatRange(0), default=4.0, show_default=True, help="Beside trials.")
@click.option("--fee", type=click.FloatRange(0), default=0.333, show_default=True, help="On top of pay, a share of it.")
@click.option("--studies", type=click.IntRange(100), default=2000, show_default=True, help="Simulated.")
@click.option("--seed", default=0, show_default=True, help="Of the simulation.")
@OUT
@JSON
def power(participants: int | None, out: Path | None, as_json: bool, **how: Any) -> None:
    """Say how many participants a study needs, by simulating it, and what it costs."""
    from dataclasses import asdict

    from analysis.model_files import write_contours
    from analysis.power import Claim, Design, Population, Price, grid, n_for_power
    from analysis.power import power as power_of
    from analysis.power_plots import sizes

    population = Population(how["rate"], how["sd_participant"], how["sd_prompt"], how["lapse"])
    claim = Claim(how["margin"], how["alpha"], how["bound_lapses"])
    price = Price(how["pay"], how["seconds_per_trial"], how["overhead_minutes"], how["fee"])
    design = Design(participants or 2, how["trials"], how["prompts"], how["catch"])
    chance = {"studies": how["studies"], "seed": how["seed"]}
    if participants:
        found = power_of(design, population, claim, **chance)
    else:
        enough, found = n_for_power(how["target"], design, population, claim, **chance)
        design = Design(enough, *list(asdict(design).values())[1:])
    files = []
    if out:
        people, trials = sizes(design.participants, design.trials, design.prompts)
        files = write_contours(grid(people, trials, design, population, claim, price, **chance), how["target"], out)
    facts = asdict(design) | asdict(found) | {"minutes": price.minutes(design), "cost_gbp": price.cost(design)}
    if as_json:
        _json(facts | {"files": list(map(str, files))})
        return
    click.echo(
        f"{design.participants} participants × {design.trials} trials about {design.prompts} prompts: "
        f"power {100 * found.power:.1f} % (Monte-Carlo SE {100 * found.se:.1f}), to show a rate above "
        f"{100 * claim.margin:g} % where it is {100 * population.rate:g} %.\n"
        f"Expected interval: ±{100 * found.half_width:.1f} pp. Each takes {price.minutes(design):.0f} minutes; "
        f"all cost £{price.cost(design):,.2f}.\n{found.studies} simulated studies."
    )
    _end(files, simulated=False)


@click.command()
@click.argument("printed")
@click.option("--participants", type=click.IntRange(2), required=True, help="How many there were.")
@click.option("--trials", type=click.IntRange(1), required=True, help="Of each participant.")
@click.option("--line", type=float, default=50.0, show_default=True, help="Rate to test against, percent.")
@click.option("--claim", type=click.Choice(["above", "below"]), help="What was said of the mean and the line.")
@JSON
def audit(printed: str, participants: int, trials: int, line: float, claim: str | None, as_json: bool) -> None:
    """List what the ± of a PRINTED selection rate can mean, such as '35.2 ± 8.4', and what follows from each."""
    from analysis.audit import check_comparison, check_reported

    found = check_reported(printed, n=participants, trials=trials, line=line)
    words = check_comparison(found.mean, claim, line) if claim else None
    if as_json:
        _json({"reported": found, "comparison": words})
        return
    click.echo(str(found))
    if words:
        click.echo(words)


def _level(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        raise click.BadParameter(f"found '{text}', expected CONDITION=NUMBER", param_hint="--at") from None


def _json(value: Any) -> None:
    from analysis.render import to_json

    click.echo(to_json(value))


def _table(title: str, frame: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for name in frame.columns:
        text = frame[name].dtype.kind not in "iuf"
        table.add_column(name, justify="left" if text else "right", overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row))
    Console().print(table)


def _end(files: list[Path], simulated: bool) -> None:
    if simulated:
        click.echo("SIMULATED observers: this says nothing about people.")
    for path in files:
        click.echo(f"Written: {path}")

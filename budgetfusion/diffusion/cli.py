"""`budgetfusion generate`, `budgetfusion measure` and `budgetfusion evaluate`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from budgetfusion.diffusion.options import Integers, load_model, model_options


class Baselines(click.ParamType[tuple[str, ...]]):
    """Names of baselines with commas between, or all, or none."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Turn the text into names, or say what is wrong."""
        from budgetfusion.baselines.methods import NAMES

        names = {"all": NAMES, "none": ()}.get(str(value), tuple(str(value).upper().split(",")))
        if unknown := [name for name in names if name not in NAMES]:
            self.fail(f"found '{unknown[0]}', expected all, none, or some of {', '.join(NAMES)}", param, ctx)
        return tuple(name for name in NAMES if name in names)


@click.command()
@click.argument("prompt", nargs=-1)
@click.option("--prompts", type=click.Path(path_type=Path), help="A file with one more prompt on each line.")
@click.option("--steps", default="auto", show_default=True, help="auto (predicted) or a number.")
@click.option(
    "--budget-tflop", type=click.FloatRange(0, min_open=True), help="All images together cost at most so many TFLOP."
)
@click.option("--split", type=click.Choice(["cut", "best"]), default="cut", show_default=True, help="Of that budget.")
@click.option("--quantile", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Cover so many images.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the initial noise.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("image.png"), show_default=True)
@click.option("--predictor", type=click.Path(path_type=Path), help="A predictor; forces it on any model.")
@model_options
def generate(
    prompt: tuple[str, ...],
    prompts: Path | None,
    steps: str,
    budget_tflop: float | None,
    split: str,
    quantile: float | None,
    seed: int,
    out: Path,
    predictor: Path | None,
    **options: Any,
) -> None:
    """Make an image of each PROMPT with the number of steps that it deserves."""
    from budgetfusion.diffusion import notes, pictures, plans
    from budgetfusion.predictor.cli import warn_cut, warn_unknown
    from budgetfusion.prompts import read_prompts

    every = list(dict.fromkeys([*prompt, *(read_prompts(prompts) if prompts else [])]))
    if not every:
        raise click.UsageError("found no prompt, expected at least one: give PROMPT, or --prompts FILE.")
    num_steps = None if steps == "auto" else _number(steps)
    if split == "best" and (budget_tflop is None or num_steps or quantile):
        raise click.UsageError("found --split best, expected --budget-tflop beside it, --steps auto and no --quantile.")
    model = load_model(**options)
    warn_unknown(model.config.model, every)
    warn_cut(model.pipe, every)
    notes.note_distilled(model)
    flops = pictures.flops_of(model)
    if split == "best" and budget_tflop is not None:
        chosen = plans.best(model, every, flops, budget_tflop, predictor)
    else:
        chosen = plans.fixed(every, num_steps) if num_steps else plans.predicted(model, every, predictor, quantile)
        if budget_tflop is not None:
            chosen = plans.affordable(chosen, flops, budget_tflop)
    notes.note_single_step(model, [plan.num_steps for plan in chosen])
    for path, plan in pictures.save(model, chosen, seed, out):
        click.echo(
            f"{path}: {plan.num_steps} steps ({plan.reason}), {flops.image(plan.num_steps):.3g} TFLOP, seed {seed}, "
            f"{model.config.model} on {model.device}"
        )


def encoder_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose what the metrics look through."""
    choices = click.Choice(["scenes", "dreamsim+clip"])
    function = click.option("--captions", is_flag=True, help="Also compare captions: i_clip_caption.")(function)
    return click.option("--encoder", type=choices, default="scenes", show_default=True, help="Of D-SIM and I-CLIP.")(
        function
    )


@click.command()
@click.argument("prompts", type=click.Path(path_type=Path))
@click.option("--out", required=True, help="The measurement table (Parquet): a file, or an address in an object store.")
@click.option("--seeds", type=Integers(), default="0,1,2,3", show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=16, show_default=True, help="Images that share a batch.")
@click.option("--workers", type=click.IntRange(1), help="Measure in so many processes, through Ray.")
@click.option("--keep-latents", "latents", help="Also keep the images' latents in this folder, or address.")
@click.option("--costs", type=click.Path(path_type=Path), help="Also measure one image's costs, into this table.")
@click.option("--dry-run", is_flag=True, help="Say how much work it is, estimate what it costs, and stop.")
@click.option("--distilled", is_flag=True, help="Measure the model although it is distilled to a few steps.")
@encoder_options
@model_options
def measure(
    prompts: Path,
    out: str,
    seeds: tuple[int, ...],
    batch_size: int,
    workers: int | None,
    latents: str | None,
    costs: Path | None,
    dry_run: bool,
    distilled: bool,
    encoder: str,
    captions: bool,
    **options: Any,
) -> None:
    """Measure quality at 1 to 129 steps for each line of the file PROMPTS; run it again to go on where it stopped."""
    from budgetfusion.diffusion.costs import costs as measured_costs
    from budgetfusion.diffusion.measuring import Wanted
    from budgetfusion.measurements import COST, write_table
    from budgetfusion.prompts import read_prompts
    from budgetfusion.steps import KNOTS

    if workers and options["device"].startswith("cuda:"):
        raise click.UsageError("found one GPU for all workers, expected --device auto, cpu or cuda: each gets its own.")
    jobs = [(prompt, seed) for seed in seeds for prompt in read_prompts(prompts)]
    click.echo(
        f"{len(jobs)} prompts x seeds, {len(jobs) * len(KNOTS)} images, {len(jobs) * sum(KNOTS)} steps", err=True
    )
    wanted = Wanted(jobs, out, batch_size, workers, latents, distilled, encoder, captions, options)
    if dry_run:
        click.echo(wanted.estimate(), err=True)
        return
    click.echo(f"Measurements: {out} ({len(wanted.measure())} rows)")
    if costs:
        write_table(costs, measured_costs(wanted.loaded[0], jobs[0][0]), COST)
        click.echo(f"Costs: {costs}")


@click.command()
@click.argument("budgets", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The evaluation table (Parquet).")
@click.option("--prompts", type=click.Path(path_type=Path), help="A file: only these, or predicted without BUDGETS.")
@click.option("--held-out", type=click.IntRange(1), help="Instead: N captions of each stratum of the embedded world.")
@click.option("--predictor", type=click.Path(path_type=Path), help="A predictor; forces it on any model.")
@click.option("--seeds", type=Integers(), default="0", show_default=True)
@click.option("--references", type=Integers(), default="65,129", show_default=True, help="The first is REFERENCE.")
@click.option("--fixed", type=Integers(), default="30,50,65,129", show_default=True, help="Steps of FIXED-n.")
@click.option("--permutations", type=click.IntRange(1), default=20, show_default=True, help="Of the PERMUTED control.")
@click.option("--baselines", type=Baselines(), default="all", show_default=True, help="all, none, or names.")
@click.option("--measurements", type=click.Path(path_type=Path), help="Of these prompts: adds BY-MEASURED and ORACLE.")
@click.option("--similarities", type=click.Path(path_type=Path), help="Of other prompts: adds STEPSAVER-R.")
@click.option("--scores", type=click.Path(path_type=Path), help="Also score sets of images, into this table.")
@click.option("--network", "networks", type=click.Choice(["scenes", "inception"]), multiple=True, default=["scenes"])
@click.option("--real", type=click.Path(path_type=Path, file_okay=False), help="Real images for the Fréchet distance.")
@click.option("--transfer", type=click.Path(path_type=Path), help="Also ask other schedulers, into this table.")
@click.option("--figures", type=click.Path(path_type=Path, file_okay=False), help="Also draw figures into this folder.")
@encoder_options
@model_options
def evaluate(
    budgets: Path | None,
    prompts: Path | None,
    held_out: int | None,
    predictor: Path | None,
    baselines: tuple[str, ...],
    measurements: Path | None,
    similarities: Path | None,
    encoder: str,
    captions: bool,
    **others: Any,
) -> None:
    """Generate and measure what OURS, its controls and its baselines show, for BUDGETS or for prompts."""
    from budgetfusion import informed, outputs, subjects
    from budgetfusion.diffusion.notes import note_distilled
    from budgetfusion.evaluate import Question
    from budgetfusion.metrics import encoders
    from budgetfusion.prompts import read_prompts

    asked = {name: others.pop(name) for name in ("seeds", "references", "fixed", "permutations")}
    wanted = {name: others.pop(name) for name in ("out", "scores", "networks", "real", "transfer", "figures")}
    if bool(held_out) == bool(budgets or prompts):
        raise click.UsageError("found no subject, or two; expected BUDGETS and/or --prompts, or --held-out alone.")
    model = load_model(**others)
    note_distilled(model)
    only = read_prompts(prompts) if prompts else None
    if budgets:
        ours, told = subjects.from_table(model, budgets, only), []
    else:
        ours = subjects.predicted(model, only or subjects.held_out(held_out or 1), predictor)
        told = [informed.by_predictions(model, ours, predictor)]
    told += informed.by_measurements(ours, measurements) if measurements else []
    told += [informed.by_similarities(ours, similarities)] if similarities else []
    question = Question(ours, baselines=baselines, informed=tuple(told), **asked)
    seen = encoders.encoder(encoder, captions=captions, device=model.device)
    outputs.write(model, question, outputs.Wanted(**wanted), seen, predictor)


def _number(steps: str) -> int:
    if not steps.isdigit() or not 1 <= int(steps) <= 1000:
        raise click.BadParameter(
            f"found '{steps}', expected 'auto' or a whole number from 1 to 1000", param_hint="--steps"
        )
    return int(steps)

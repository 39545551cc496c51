"""`budgetfusion generate`, `budgetfusion measure` and `budgetfusion evaluate`."""

from pathlib import Path
from typing import Any

import click

from budgetfusion.diffusion.options import load_model, model_options


class Integers(click.ParamType[tuple[int, ...]]):
    """A list of whole numbers, such as 0,1,2,3."""

    name = "integers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Turn the text into numbers, or say what is wrong."""
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"found '{value}', expected whole numbers with commas between, such as 0,1,2,3", param, ctx)


@click.command()
@click.argument("prompt", nargs=-1)
@click.option("--prompts", type=click.Path(path_type=Path), help="A file with one more prompt on each line.")
@click.option("--steps", default="auto", show_default=True, help="auto (predicted) or a number.")
@click.option(
    "--budget-tflop", type=click.FloatRange(0, min_open=True), help="All images together cost at most so many TFLOP."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the initial noise.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("image.png"), show_default=True)
@click.option("--predictor", type=click.Path(path_type=Path), help="A predictor; forces it on any model.")
@model_options
def generate(
    prompt: tuple[str, ...],
    prompts: Path | None,
    steps: str,
    budget_tflop: float | None,
    seed: int,
    out: Path,
    predictor: Path | None,
    **options: Any,
) -> None:
    """Make an image of each PROMPT with the number of steps that it deserves."""
    from budgetfusion.diffusion import pictures, plans
    from budgetfusion.predictor.cli import warn_unknown
    from budgetfusion.prompts import read_prompts

    every = list(dict.fromkeys([*prompt, *(read_prompts(prompts) if prompts else [])]))
    if not every:
        raise click.UsageError("found no prompt, expected at least one: give PROMPT, or --prompts FILE.")
    num_steps = None if steps == "auto" else _number(steps)
    model = load_model(**options)
    warn_unknown(model.config.model, every)
    flops = pictures.flops_of(model)
    chosen = plans.fixed(every, num_steps) if num_steps else plans.predicted(model, every, predictor)
    if budget_tflop is not None:
        chosen = plans.affordable(chosen, flops, budget_tflop)
    for path, plan in pictures.save(model, chosen, seed, out):
        click.echo(
            f"{path}: {plan.num_steps} steps ({plan.reason}), {flops.image(plan.num_steps):.3g} TFLOP, seed {seed}, "
            f"{model.config.model} on {model.device}"
        )


@click.command()
@click.argument("prompts", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The measurement table (Parquet).")
@click.option("--seeds", type=Integers(), default="0,1,2,3", show_default=True)
@click.option("--batch-size", type=click.IntRange(1), default=16, show_default=True, help="Images that share a batch.")
@click.option("--costs", type=click.Path(path_type=Path), help="Also measure one image's costs, into this table.")
@click.option("--dry-run", is_flag=True, help="Say how much work it is, and stop.")
@model_options
def measure(
    prompts: Path,
    out: Path,
    seeds: tuple[int, ...],
    batch_size: int,
    costs: Path | None,
    dry_run: bool,
    **options: Any,
) -> None:
    """Measure quality at 1 to 129 steps for each line of the file PROMPTS; run it again to go on where it stopped."""
    from budgetfusion import measure as measuring
    from budgetfusion.diffusion.costs import costs as measured_costs
    from budgetfusion.measurements import COST, write_table
    from budgetfusion.metrics.encoder import scene_encoder
    from budgetfusion.predictor.cli import warn_unknown
    from budgetfusion.progress import bar
    from budgetfusion.prompts import read_prompts
    from budgetfusion.steps import KNOTS

    jobs = [(prompt, seed) for seed in seeds for prompt in read_prompts(prompts)]
    click.echo(
        f"{len(jobs)} prompts x seeds, {len(jobs) * len(KNOTS)} images, {len(jobs) * sum(KNOTS)} steps", err=True
    )
    if dry_run:
        return
    model = load_model(**options)
    warn_unknown(model.config.model, [prompt for prompt, _ in jobs])
    if model.config.model != "scenes":
        click.echo(
            "note: D-SIM and I-CLIP look through the encoder of the embedded scenes, at 64 x 64 pixels.", err=True
        )
    with bar("measuring", len(jobs)) as advance:
        rows = measuring.measure(model, scene_encoder(), jobs, out, batch_size=batch_size, progress=advance)
    click.echo(f"Measurements: {out} ({len(rows)} rows)")
    if costs:
        write_table(costs, measured_costs(model, jobs[0][0]), COST)
        click.echo(f"Costs: {costs}")


@click.command()
@click.argument("budgets", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The evaluation table (Parquet).")
@click.option("--seeds", type=Integers(), default="0", show_default=True)
@click.option("--reference", type=click.IntRange(2), default=65, show_default=True, help="Steps of the reference.")
@click.option("--permutations", type=click.IntRange(1), default=20, show_default=True, help="Of the PERMUTED control.")
@model_options
def evaluate(
    budgets: Path, out: Path, seeds: tuple[int, ...], reference: int, permutations: int, **options: Any
) -> None:
    """Generate and measure what OURS in the table BUDGETS, UNIFORM, PERMUTED and REFERENCE show."""
    from budgetfusion import evaluate as evaluating
    from budgetfusion.budgets import read_budgets
    from budgetfusion.errors import FileContentError
    from budgetfusion.measurements import EVALUATION, read_table, write_table
    from budgetfusion.metrics.encoder import scene_encoder
    from budgetfusion.progress import bar

    ours = [budget for budget in read_budgets(budgets) if budget.rule == "OURS"]
    if not ours:
        raise FileContentError(budgets, "no row of rule OURS", "at least one", "Run `budgetfusion stimuli render`.")
    model = load_model(**options)
    others = {budget.model_digest[:12] for budget in ours} - {model.digest[:12]}
    if others:
        remedy = "Give the --model, --guidance and --dtype of the study file."
        raise FileContentError(budgets, f"budgets of model {', '.join(sorted(others))}", model.digest[:12], remedy)
    kept = read_table(out, EVALUATION) if out.is_file() else []
    if evaluating.is_current(kept, ours, seeds, reference, permutations, model.digest):
        click.echo(f"Evaluation: {out} ({len(kept)} rows, kept)")
        return
    with bar("evaluating", 1000) as advance:
        rows = evaluating.evaluate(
            model,
            scene_encoder(),
            ours,
            seeds,
            reference=reference,
            permutations=permutations,
            progress=lambda done, total: advance(done * 1000 // total),
        )
    write_table(out, rows, EVALUATION)
    click.echo(f"Evaluation: {out} ({len(rows)} rows)")


def _number(steps: str) -> int:
    if not steps.isdigit() or not 1 <= int(steps) <= 1000:
        raise click.BadParameter(
            f"found '{steps}', expected 'auto' or a whole number from 1 to 1000", param_hint="--steps"
        )
    return int(steps)

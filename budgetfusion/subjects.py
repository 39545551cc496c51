"""What an evaluation is about: OURS' budgets, from a table or predicted for prompts."""

from collections.abc import Sequence
from pathlib import Path

from budgetfusion.budgets import Budget, read_budgets
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import FileContentError
from budgetfusion.predictor.shipped import predictor_for


def from_table(model: Model, table: Path, only: Sequence[str] | None = None) -> list[Budget]:
    """Return the rows of rule OURS of a budget table.

    Args:
        model: Whose budgets they should be.
        table: Such as `stimuli render` leaves.
        only: Prompts that are wanted; none wants all.

    Raises:
        FileContentError: If there is no such row, a wanted prompt has none, or they are another model's.
    """
    ours = [budget for budget in read_budgets(table) if budget.rule == "OURS"]
    if not ours:
        raise FileContentError(table, "no row of rule OURS", "at least one", "Run `budgetfusion stimuli render`.")
    others = {budget.model_digest[:12] for budget in ours} - {model.digest[:12]}
    if others:
        remedy = "Give the --model, --guidance and --dtype of the study file."
        raise FileContentError(table, f"budgets of model {', '.join(sorted(others))}", model.digest[:12], remedy)
    if only is None:
        return ours
    by_prompt = {budget.prompt: budget for budget in ours}
    if lacking := [prompt for prompt in only if prompt not in by_prompt]:
        remedy = "Leave them out, or give no table, and their steps are predicted."
        raise FileContentError(table, f"no budget of {len(lacking)} prompt(s), '{lacking[0]}' first", "one", remedy)
    return [by_prompt[prompt] for prompt in only]


def predicted(model: Model, prompts: Sequence[str], forced: Path | None = None) -> list[Budget]:
    """Return the budgets that the predictor gives.

    Args:
        model: The model that will draw them.
        prompts: At least one.
        forced: A predictor file in place of the shipped one; see `predictor_for` for it and for what is raised.
    """
    return predictor_for(model, forced).budgets(prompts, lambda texts: encode_text(model.pipe, texts), model.digest)


def held_out(each: int) -> list[str]:
    """Return captions of the embedded world that neither its model nor its predictor learned from.

    Args:
        each: How many of each of six degrees of crowding.
    """
    from budgetfusion.scenes.captions import captions

    return captions(held_out=True, each=each)

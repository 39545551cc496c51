"""From a study file and budgets to the list of images that have to be made. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from budgetfusion.allocate import uniform
from budgetfusion.budgets import Budget, prompt_id
from stimuli.manifest import Purpose
from stimuli.studyfile import Condition, StimuliTable

OBVIOUS = "OBVIOUS"
"""The condition of the obviously worse side of practice and catch items: too few steps."""

_CHECK_SEED = 1_000_000  # catch and practice items use other seeds than main items, so no picture is seen twice


@dataclass(frozen=True)
class PlannedItem:
    """An item to render: condition -> (denoising steps, how they were chosen); `reference` names one of them."""

    item_id: str
    prompt: str
    seed: int
    purpose: Purpose
    reference: str | None
    num_steps: Mapping[str, tuple[int, str]]


def plan_items(table: StimuliTable, budgets: Mapping[str, int]) -> list[PlannedItem]:
    """Return the items of a study: every prompt and seed, then catch items, then practice items.

    Args:
        table: The study file's `[stimuli]`, its prompts read in.
        budgets: Prompt -> OURS' steps; empty if every condition has a fixed number of steps.
    """
    mean = uniform(np.array(list(budgets.values()))) if budgets else 0
    shown = {*table.compare, *([table.reference] if table.reference else [])}
    conditions = [condition for condition in table.conditions if condition.name in shown]
    mains = [
        _main_item(prompt, seed, table.reference, conditions, budgets.get(prompt, 0), mean)
        for seed in table.seeds
        for prompt in table.prompts
    ]
    return (
        mains
        + _check_items(table, "catch", table.catch_items, 0)
        + _check_items(table, "practice", table.practice_items, table.catch_items)
    )


def uniform_budgets(ours: Sequence[Budget]) -> list[Budget]:
    """Return the rows of the budget table for rule UNIFORM: the rounded mean of OURS for every prompt."""
    mean = uniform(np.array([budget.num_steps for budget in ours])) if ours else 0
    return [
        Budget(b.prompt_id, b.prompt, "UNIFORM", None, None, None, mean, None, "ok", b.predictor_digest, b.model_digest)
        for b in ours
    ]


def _main_item(
    prompt: str, seed: int, reference: str | None, conditions: Sequence[Condition], ours: int, mean: int
) -> PlannedItem:
    steps = {"predicted": ours, "uniform": mean}
    chosen = {c.name: (c.num_steps or steps[c.rule], c.rule) for c in conditions}
    return PlannedItem(f"{prompt_id(prompt)}-{seed}", prompt, seed, "main", reference, chosen)


def _check_items(table: StimuliTable, purpose: Purpose, count: int, first: int) -> list[PlannedItem]:
    """Return items whose one side is the reference itself and whose other side was made with far too few steps."""
    steps = {c.name: c.num_steps for c in table.conditions if c.num_steps and c.name == table.reference}
    sides = {name: (n, "steps") for name, n in steps.items()} | {OBVIOUS: (table.obvious_num_steps, "obvious")}
    return [
        PlannedItem(f"{purpose}-{k}", prompt, _CHECK_SEED + first + k, purpose, table.reference, sides)
        for k, prompt in enumerate(table.prompts[(first + k) % len(table.prompts)] for k in range(count))
    ]

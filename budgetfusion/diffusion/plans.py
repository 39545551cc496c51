"""How many steps each prompt gets, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from budgetfusion.allocate import within
from budgetfusion.cost import FlopCount
from budgetfusion.diffusion.errors import BudgetTooSmallError
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.predictor.shipped import predictor_for


@dataclass(frozen=True)
class Plan:
    """A prompt, its steps, and the reason for their number in words."""

    prompt: str
    num_steps: int
    reason: str


def fixed(prompts: Sequence[str], num_steps: int) -> list[Plan]:
    """Give every prompt the number that was asked for."""
    return [Plan(prompt, num_steps, "as asked") for prompt in prompts]


def predicted(model: Model, prompts: Sequence[str], forced: Path | None = None) -> list[Plan]:
    """Give every prompt the number that the predictor suggests.

    Args:
        model: The model that will draw them.
        prompts: At least one.
        forced: A predictor file in place of the shipped one; see `predictor_for` for it and for what is raised.
    """
    suggestions = predictor_for(model, forced).suggest(encode_text(model.pipe, prompts))
    return [
        Plan(prompt, suggestion.num_steps, f"predicted, bound by {suggestion.bound_by}")
        for prompt, suggestion in zip(prompts, suggestions, strict=True)
    ]


def affordable(plans: Sequence[Plan], flops: FlopCount, budget_tflop: float) -> list[Plan]:
    """Cut the steps so that all images together cost at most `budget_tflop`; a cut plan says so.

    Raises:
        BudgetTooSmallError: If the budget does not pay for one step of each.
    """
    total = flops.most_steps(budget_tflop, len(plans))
    if total < len(plans):
        raise BudgetTooSmallError(budget_tflop, len(plans) * flops.image(1), len(plans))
    cut = within(np.array([plan.num_steps for plan in plans]), total)
    return [_cut(plan, int(steps)) for plan, steps in zip(plans, cut, strict=True)]


def _cut(plan: Plan, num_steps: int) -> Plan:
    if num_steps == plan.num_steps:
        return plan
    return replace(plan, num_steps=num_steps, reason=f"{plan.reason}: {plan.num_steps}, cut by the budget")

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
from budgetfusion.splitting import quality, split

FEWEST = 2
"""Steps of every prompt of a best split: one step under linspace spacing is no image."""


@dataclass(frozen=True)
class Plan:
    """A prompt, its steps, and the reason for their number in words."""

    prompt: str
    num_steps: int
    reason: str


def fixed(prompts: Sequence[str], num_steps: int) -> list[Plan]:
    """Give every prompt the number that was asked for."""
    return [Plan(prompt, num_steps, "as asked") for prompt in prompts]


def predicted(
    model: Model, prompts: Sequence[str], forced: Path | None = None, quantile: float | None = None
) -> list[Plan]:
    """Give every prompt the number that the predictor suggests.

    Args:
        model: The model that will draw them.
        prompts: At least one.
        forced: A predictor file in place of the shipped one; see `predictor_for` for it and for what is raised.
        quantile: As for `Predictor.suggest`.
    """
    suggestions = predictor_for(model, forced).suggest(encode_text(model.pipe, prompts), quantile)
    return [
        Plan(prompt, suggestion.num_steps, f"predicted, bound by {suggestion.bound_by}")
        for prompt, suggestion in zip(prompts, suggestions, strict=True)
    ]


def affordable(plans: Sequence[Plan], flops: FlopCount, budget_tflop: float) -> list[Plan]:
    """Cut the steps so that all images together cost at most `budget_tflop`; a cut plan says so.

    Raises:
        BudgetTooSmallError: If the budget does not pay for one step of each.
    """
    total = _payable(flops, budget_tflop, len(plans), fewest=1)
    cut = within(np.array([plan.num_steps for plan in plans]), total)
    return [_cut(plan, int(steps)) for plan, steps in zip(plans, cut, strict=True)]


def best(
    model: Model, prompts: Sequence[str], flops: FlopCount, budget_tflop: float, forced: Path | None = None
) -> list[Plan]:
    """Split a budget so that the predicted quality of all images together is as high as it can be.

    Args:
        model: The model that will draw them.
        prompts: At least one.
        flops: What an image costs.
        budget_tflop: For all images.
        forced: As for `predicted`.

    Raises:
        BudgetTooSmallError: If the budget does not pay for two steps of each.
    """
    total = _payable(flops, budget_tflop, len(prompts), FEWEST)
    predictor = predictor_for(model, forced)
    curves = predictor.predict(encode_text(model.pipe, prompts))
    names = predictor.network.config.metrics
    worth = quality({name: curves[:, k] for k, name in enumerate(names)})
    steps = split(worth, total, FEWEST).tolist()
    return [Plan(prompt, n, f"best split of {total} steps") for prompt, n in zip(prompts, steps, strict=True)]


def _payable(flops: FlopCount, budget_tflop: float, images: int, fewest: int) -> int:
    total = flops.most_steps(budget_tflop, images)
    if total < fewest * images:
        raise BudgetTooSmallError(budget_tflop, images * flops.image(fewest), images, fewest)
    return total


def _cut(plan: Plan, num_steps: int) -> Plan:
    if num_steps == plan.num_steps:
        return plan
    return replace(plan, num_steps=num_steps, reason=f"{plan.reason}: {plan.num_steps}, cut by the budget")

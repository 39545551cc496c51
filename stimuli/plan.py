"""From a study file and budgets to the items of a study and the recipe of each image. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from budgetfusion.allocate import uniform
from budgetfusion.budgets import Budget, prompt_id
from stimuli.conditions import Condition, StimuliTable
from stimuli.designs import assign
from stimuli.errors import EqualConditionsError
from stimuli.manifest import INSTRUCTED, OBVIOUS, OTHER, SAME, Purpose

CARDS = {INSTRUCTED: "Choose this picture", OTHER: "Not this picture"}
"""What the pictures of a check item say."""

_FRESH_SEED = 1_000_000  # catch, practice and identical items use other seeds than main items: no picture is seen twice


@dataclass(frozen=True)
class Recipe:
    """What fixes the pixels of one image; equal recipes make one image.

    Attributes:
        source: 'model': generated; 'folder': made elsewhere; 'blocks': the reference of `prompt` and `seed`, made
            coarse; 'card': words on grey.
        prompt: The prompt, or the words of a card.
        seed: Of the initial noise.
        num_steps: Denoising steps, of source 'model'.
        condition: Of sources 'folder' and 'blocks'.
    """

    source: Literal["model", "folder", "blocks", "card"]
    prompt: str
    seed: int = 0
    num_steps: int | None = None
    condition: str | None = None


@dataclass(frozen=True)
class PlannedStimulus:
    """An image in its place: the condition that it stands for, its recipe, and how that was chosen."""

    condition: str
    recipe: Recipe
    made_with: str


@dataclass(frozen=True)
class PlannedItem:
    """An item whose images have still to be made or found; `judged` are its two sides."""

    item_id: str
    prompt: str
    seed: int
    purpose: Purpose
    reference: PlannedStimulus | None
    judged: tuple[PlannedStimulus, PlannedStimulus]

    @property
    def recipes(self) -> list[Recipe]:
        """Return the recipes of its images."""
        return [planned.recipe for planned in (self.reference, *self.judged) if planned is not None]


def plan_items(table: StimuliTable, budgets: Mapping[str, int]) -> list[PlannedItem]:
    """Return the items of a study: main items by seed, prompt and pair, then catch, practice, identical, check items.

    Args:
        table: The study file's `[stimuli]`, its prompts read in.
        budgets: Prompt -> OURS' steps; empty if no condition asks the predictor.

    Raises:
        EqualConditionsError: If two compared conditions have the same recipe in each of their items.
    """
    mains = _mains(table, budgets)
    refuse_equal((_names(item), item.judged[0].recipe == item.judged[1].recipe) for item in mains)
    return [*mains, *_extras(table), *_checks(table)]


def recipes_of(items: Sequence[PlannedItem]) -> list[Recipe]:
    """Return what has to be made or found, each image once."""
    return list(dict.fromkeys(recipe for item in items for recipe in item.recipes))


def uniform_budgets(ours: Sequence[Budget]) -> list[Budget]:
    """Return the rows of the budget table for rule UNIFORM: the rounded mean of OURS for every prompt."""
    mean = uniform(np.array([budget.num_steps for budget in ours])) if ours else 0
    return [
        Budget(b.prompt_id, b.prompt, "UNIFORM", None, None, None, mean, None, "ok", b.predictor_digest, b.model_digest)
        for b in ours
    ]


def refuse_equal(pairs: Iterable[tuple[tuple[str, str], bool]]) -> None:
    """Raise `EqualConditionsError` for a pair of conditions whose images are the same in each of its items.

    Args:
        pairs: For each item its two conditions, and whether their images are the same.
    """
    same: dict[tuple[str, str], list[bool]] = {}
    for pair, is_same in pairs:
        same.setdefault(pair, []).append(is_same)
    for pair, every in same.items():
        if all(every):
            raise EqualConditionsError(*pair, len(every))


def _mains(table: StimuliTable, budgets: Mapping[str, int]) -> list[PlannedItem]:
    conditions = {condition.name: condition for condition in table.conditions}
    mean = uniform(np.array(list(budgets.values()))) if budgets else 0
    lines = [(prompt, seed) for seed in table.seeds for prompt in table.prompts or []]
    pairs = table.compared()
    numbers = {pair: f"-{k}" if len(pairs) > 1 else "" for k, pair in enumerate(pairs)}
    found = []
    for (prompt, seed), shown in zip(lines, assign(pairs, _names_of(lines), table.pairs_per_item), strict=True):
        steps = {"predicted": budgets.get(prompt, 0), "uniform": mean}
        for pair in shown:
            one, other = (_stimulus(conditions[name], prompt, seed, steps) for name in pair)
            middle = _stimulus(conditions[table.reference], prompt, seed, steps) if table.reference else None
            item_id = f"{prompt_id(prompt)}-{seed}{numbers[pair]}"
            found.append(PlannedItem(item_id, prompt, seed, "main", middle, (one, other)))
    return found


def _names_of(lines: Sequence[tuple[str, int]]) -> list[str]:
    return [f"{prompt}/{seed}" for prompt, seed in lines]


def _names(item: PlannedItem) -> tuple[str, str]:
    return item.judged[0].condition, item.judged[1].condition


def _stimulus(condition: Condition, prompt: str, seed: int, steps: Mapping[str, int]) -> PlannedStimulus:
    if condition.rule == "folder":
        return PlannedStimulus(condition.name, Recipe("folder", prompt, seed, None, condition.name), "folder")
    num_steps = condition.num_steps or max(1, round(condition.factor * steps[condition.rule]))
    return PlannedStimulus(condition.name, Recipe("model", prompt, seed, num_steps), condition.rule)


def _extras(table: StimuliTable) -> list[PlannedItem]:
    """Return catch and practice items (the reference beside an obviously worse image), then identical items."""
    kinds: tuple[tuple[Purpose, int], ...] = (
        ("catch", table.catch_items),
        ("practice", table.practice_items),
        ("identical", table.identical_items),
    )
    places = chain.from_iterable([(purpose, k) for k in range(count)] for purpose, count in kinds)
    return [_extra(table, purpose, k, number) for number, (purpose, k) in enumerate(places)]


def _extra(table: StimuliTable, purpose: Purpose, k: int, number: int) -> PlannedItem:
    condition = next(c for c in table.conditions if c.name == table.reference)
    prompts = table.prompts or []
    prompt = prompts[number % len(prompts)]
    seed = table.seeds[0] if condition.rule == "folder" else _FRESH_SEED + number
    reference = _stimulus(condition, prompt, seed, {})
    if purpose == "identical":
        other = PlannedStimulus(SAME, reference.recipe, reference.made_with)
    elif condition.rule == "folder":
        other = PlannedStimulus(OBVIOUS, Recipe("blocks", prompt, seed, None, condition.name), "blocks")
    else:
        other = PlannedStimulus(OBVIOUS, Recipe("model", prompt, seed, table.obvious_num_steps), "obvious")
    return PlannedItem(f"{purpose}-{k}", prompt, seed, purpose, reference, (reference, other))


def _checks(table: StimuliTable) -> list[PlannedItem]:
    """Return check items: two cards, one of which says to choose it; it also stands in the reference's place.

    Whoever follows the card and whoever follows the study's own question choose alike.
    """
    right, wrong = (PlannedStimulus(name, Recipe("card", words), "card") for name, words in CARDS.items())
    middle = right if table.reference else None
    return [
        PlannedItem(f"check-{k}", CARDS[INSTRUCTED], 0, "check", middle, (right, wrong))
        for k in range(table.check_items)
    ]

"""From a study file and budgets to the images that have to be made."""

import pytest

from budgetfusion.budgets import Budget
from stimuli.conditions import Condition, StimuliTable
from stimuli.errors import EqualConditionsError
from stimuli.plan import PlannedItem, plan_items, recipes_of, uniform_budgets

PROMPTS = ["an empty white wall", "a crowd of people in a park"]
BUDGETS = {PROMPTS[0]: 6, PROMPTS[1]: 13}
NO_REFERENCE = {"reference": "", "catch_items": 0, "practice_items": 0}


def table(**changes: object) -> StimuliTable:
    """Return a `[stimuli]` table with two prompts and two seeds."""
    return StimuliTable.model_validate({"prompts": PROMPTS, "seeds": [0, 1], **changes})


def steps(item: PlannedItem) -> dict[str, tuple[int | None, str]]:
    """Return the steps of each image of an item, and how they were chosen."""
    every = [*item.judged, *([item.reference] if item.reference else [])]
    return {planned.condition: (planned.recipe.num_steps, planned.made_with) for planned in every}


def of(items: list[PlannedItem], purpose: str) -> list[PlannedItem]:
    """Return the items of one purpose."""
    return [item for item in items if item.purpose == purpose]


def test_every_prompt_and_seed_is_a_main_item_with_its_budgets() -> None:
    """OURS follows the prompt, UNIFORM is the rounded mean, REFERENCE is fixed."""
    mains = of(plan_items(table(), BUDGETS), "main")

    assert [(i.prompt, i.seed) for i in mains] == [(p, s) for s in (0, 1) for p in PROMPTS]
    assert steps(mains[1]) == {"OURS": (13, "predicted"), "UNIFORM": (10, "uniform"), "REFERENCE": (65, "steps")}


def test_catch_and_practice_items_oppose_the_reference_to_far_too_few_steps() -> None:
    """Their right answer is the reference's own pixels; no picture is shared with a main item."""
    items = plan_items(table(catch_items=3, practice_items=1, obvious_num_steps=2), BUDGETS)
    checks = [item for item in items if item.purpose != "main"]

    assert [item.purpose for item in checks] == ["catch"] * 3 + ["practice"]
    assert all(steps(item) == {"REFERENCE": (65, "steps"), "OBVIOUS": (2, "obvious")} for item in checks)
    assert len({item.seed for item in checks}) == 4
    assert not {item.seed for item in checks} & {0, 1}


def test_an_identical_item_shows_the_reference_three_times() -> None:
    """Whoever prefers a side of it prefers the side."""
    items = plan_items(table(identical_items=2), BUDGETS)
    found = of(items, "identical")

    assert [len(set(item.recipes)) for item in found] == [1, 1]
    assert [planned.condition for planned in found[0].judged] == ["REFERENCE", "SAME"]
    assert not {i.seed for i in found} & {i.seed for i in items if i.purpose != "identical"}


def test_a_check_item_says_in_words_which_to_choose() -> None:
    """The card that says so also stands in the middle, so the study's own question has the same answer."""
    (item,) = of(plan_items(table(check_items=1), BUDGETS), "check")

    assert [planned.recipe.prompt for planned in item.judged] == ["Choose this picture", "Not this picture"]
    assert item.reference is not None
    assert item.reference.recipe == item.judged[0].recipe


def test_the_obvious_side_of_imported_images_is_a_coarse_copy() -> None:
    """What was made elsewhere cannot be made again with fewer steps."""
    conditions = [{"name": name, "rule": "folder"} for name in ("OURS", "UNIFORM", "REFERENCE")]
    (item, *_) = of(plan_items(table(conditions=conditions), {}), "catch")

    assert [planned.recipe.source for planned in item.judged] == ["folder", "blocks"]
    assert (item.prompt, item.seed) == (PROMPTS[0], 0)


def test_a_factor_multiplies_the_predicted_steps() -> None:
    """Fewer, as many and more steps than the plateau, with at least one; UNIFORM is the mean without a factor."""
    factors = {"FEWER": 0.5, "OURS": 1.0, "MORE": 2.0, "NONE": 0.01}
    conditions = [{"name": name, "rule": "predicted", "factor": factor} for name, factor in factors.items()]
    items = plan_items(table(conditions=conditions, compare=list(factors), **NO_REFERENCE), BUDGETS)
    found = {name: n for item in items if item.prompt == PROMPTS[1] for name, (n, _) in steps(item).items()}

    assert found == {"FEWER": 6, "OURS": 13, "MORE": 26, "NONE": 1}


def test_item_ids_are_unique_and_do_not_tell_the_condition() -> None:
    """An item is named by its prompt and seed."""
    ids = [item.item_id for item in plan_items(table(), BUDGETS)]

    assert len(set(ids)) == len(ids)
    assert not [name for name in ids if "OURS" in name]


def test_conditions_that_are_not_shown_are_not_rendered() -> None:
    """Only the compared conditions and the reference cost time."""
    conditions = [
        Condition(name="OURS", rule="predicted"),
        Condition(name="LONG", rule="steps", num_steps=129),
        Condition(name="MIDDLE", rule="steps", num_steps=33),
    ]
    items = plan_items(table(conditions=conditions, compare=["OURS", "LONG"], **NO_REFERENCE), BUDGETS)

    assert {frozenset(steps(item)) for item in items} == {frozenset({"OURS", "LONG"})}
    assert {item.purpose for item in items} == {"main"}


def test_uniform_rows_say_the_rounded_mean() -> None:
    """The budget table holds both rules, so a reader need not compute one from the other."""
    ours = [Budget(str(k), p, "OURS", 2, 2, 2, n, "d_sim", "ok", None, "m") for k, (p, n) in enumerate(BUDGETS.items())]

    assert [(b.rule, b.num_steps, b.bound_by) for b in uniform_budgets(ours)] == [("UNIFORM", 10, None)] * 2


def test_a_condition_needs_its_steps() -> None:
    """A fixed number of steps belongs to the rule 'steps' and to no other."""
    with pytest.raises(ValueError, match="num_steps is given exactly when rule is 'steps'"):
        Condition(name="OURS", rule="predicted", num_steps=3)


def test_a_study_of_fixed_steps_needs_no_budgets() -> None:
    """A ladder of step counts asks no predictor."""
    conditions = [Condition(name=name, rule="steps", num_steps=n) for name, n in (("SHORT", 9), ("LONG", 33))]

    items = plan_items(table(conditions=conditions, compare=["SHORT", "LONG"], **NO_REFERENCE), {})

    assert steps(items[0]) == {"SHORT": (9, "steps"), "LONG": (33, "steps")}


def ladder(**changes: object) -> StimuliTable:
    """Return a ladder of three step counts against the reference."""
    numbers = {"S3": 3, "S9": 9, "S17": 17, "REFERENCE": 65}
    conditions = [{"name": name, "rule": "steps", "num_steps": n} for name, n in numbers.items()]
    names = [name for name in numbers if name != "REFERENCE"]
    return table(conditions=conditions, compare=names, pairs="bridge", bridge="REFERENCE", **changes)


def test_a_ladder_shows_each_step_count_beside_the_reference() -> None:
    """One item for each prompt, seed and step count; the reference is also in the middle and is rendered once."""
    mains = of(plan_items(ladder(), {}), "main")

    assert len(mains) == 2 * 2 * 3
    assert [steps(item) for item in mains[:3]] == [
        {f"S{n}": (n, "steps"), "REFERENCE": (65, "steps")} for n in (3, 9, 17)
    ]
    assert len(recipes_of(mains)) == 2 * 2 * 4
    assert len({item.item_id for item in mains}) == len(mains)


def test_two_conditions_with_the_same_steps_everywhere_are_refused() -> None:
    """Before a minute is spent: there would be nothing to compare."""
    with pytest.raises(EqualConditionsError, match="OURS and UNIFORM render to equal pixels in each of their 4 items"):
        plan_items(table(), dict.fromkeys(PROMPTS, 9))

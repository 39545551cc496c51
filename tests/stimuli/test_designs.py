"""From a study file and budgets to the images that have to be made."""

import pytest

from budgetfusion.budgets import Budget
from stimuli.designs import OBVIOUS, plan_items, uniform_budgets
from stimuli.studyfile import Condition, StimuliTable

PROMPTS = ["an empty white wall", "a crowd of people in a park"]
BUDGETS = {PROMPTS[0]: 6, PROMPTS[1]: 13}
NO_REFERENCE = {"reference": "", "catch_items": 0, "practice_items": 0}


def table(**changes: object) -> StimuliTable:
    """Return a `[stimuli]` table with two prompts and two seeds."""
    return StimuliTable.model_validate({"prompts": PROMPTS, "seeds": [0, 1], **changes})


def test_every_prompt_and_seed_is_a_main_item_with_its_budgets() -> None:
    """OURS follows the prompt, UNIFORM is the rounded mean, REFERENCE is fixed."""
    mains = [item for item in plan_items(table(), BUDGETS) if item.purpose == "main"]

    assert [(i.prompt, i.seed) for i in mains] == [(p, s) for s in (0, 1) for p in PROMPTS]
    assert mains[1].num_steps == {"OURS": (13, "predicted"), "UNIFORM": (10, "uniform"), "REFERENCE": (65, "steps")}


def test_catch_and_practice_items_oppose_the_reference_to_far_too_few_steps() -> None:
    """Their right answer is the reference's own pixels; no picture is shared with a main item."""
    items = plan_items(table(catch_items=3, practice_items=1, obvious_num_steps=2), BUDGETS)
    checks = [item for item in items if item.purpose != "main"]

    assert [item.purpose for item in checks] == ["catch"] * 3 + ["practice"]
    assert all(item.num_steps == {"REFERENCE": (65, "steps"), OBVIOUS: (2, "obvious")} for item in checks)
    assert len({item.seed for item in checks}) == 4
    assert not {item.seed for item in checks} & {0, 1}


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
    items = plan_items(table(conditions=conditions, compare=("OURS", "LONG"), **NO_REFERENCE), BUDGETS)

    assert {frozenset(item.num_steps) for item in items} == {frozenset({"OURS", "LONG"})}
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
    ladder = [Condition(name=name, rule="steps", num_steps=n) for name, n in (("SHORT", 9), ("LONG", 33))]

    items = plan_items(table(conditions=ladder, compare=("SHORT", "LONG"), **NO_REFERENCE), {})

    assert items[0].num_steps == {"SHORT": (9, "steps"), "LONG": (33, "steps")}

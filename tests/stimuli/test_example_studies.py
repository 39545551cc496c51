"""The shipped study files are valid, of the papers' size, and show no prompt that a model has learned from."""

from collections import Counter
from pathlib import Path

import pytest

from budgetfusion.scenes.captions import captions
from stimuli.plan import plan_items, recipes_of
from stimuli.studyfile import StudyFile, read_study_file

FOLDER = Path(__file__).parents[2] / "prolific_config" / "studies"
SIZES = {"pilot": (24, 24, 12), "ours_vs_uniform": (100, 100, 72), "ours_vs_reference": (100, 100, 78)}
STEPS = (2, 3, 5, 9, 13, 17, 25, 33)


@pytest.fixture(params=sorted(path.stem for path in FOLDER.glob("*.toml")))
def study(request: pytest.FixtureRequest) -> StudyFile:
    """Return each shipped study."""
    return read_study_file(FOLDER / f"{request.param}.toml")


def mains(study: StudyFile) -> list[dict[str, int | None]]:
    """Return the conditions and steps of each main item, with budgets that differ from prompt to prompt."""
    budgets = {prompt: 5 + k % 20 for k, prompt in enumerate(study.stimuli.prompts or [])}
    items = [item for item in plan_items(study.stimuli, budgets) if item.purpose == "main"]
    return [{planned.condition: planned.recipe.num_steps for planned in item.judged} for item in items]


@pytest.mark.parametrize("name", SIZES)
def test_the_studies_of_the_paper_have_its_size(name: str) -> None:
    """72 and 78 places with 100 main trials on 100 prompts; the pilot is smaller."""
    study = read_study_file(FOLDER / f"{name}.toml")
    prompts, trials, places = SIZES[name]

    assert (len(mains(study)), study.design.main_trials, study.design.participants) == (prompts, trials, places)


def test_the_ladder_has_eight_step_counts_on_thirty_prompts() -> None:
    """Each beside the reference, which is rendered once for each prompt; places show each item equally often."""
    study = read_study_file(FOLDER / "step_ladder.toml")
    found, design = mains(study), study.design
    recipes = recipes_of([item for item in plan_items(study.stimuli, {}) if item.purpose == "main"])

    assert Counter(tuple(item.values()) for item in found) == dict.fromkeys([(n, 65) for n in STEPS], 30)
    assert len(recipes) == 30 * 9
    assert design.participants * design.main_trials % len(found) == 0


def test_a_study_asks_for_prompts_by_rule_and_shows_none_of_the_training(study: StudyFile) -> None:
    """No file lists a prompt; what is sampled is held out."""
    prompts = study.stimuli.prompts or []

    assert study.stimuli.prompts_from == "held-out"
    assert len(set(prompts)) == len(prompts) == study.stimuli.num_prompts
    assert not set(prompts) & set(captions(held_out=False, each=15, seed=0))


def test_a_study_has_enough_controls(study: StudyFile) -> None:
    """Two instruction checks, practice, identical pairs, repeats; ten catch trials where the data count."""
    table = study.stimuli

    assert min(table.check_items, table.practice_items, table.identical_items, study.design.repeats) >= 2
    assert table.catch_items >= 10 or study.study.name == "pilot"

"""Trial plans: balance over slots and within each, and the same plan every time."""

import itertools
from collections import Counter

import pytest

from stimuli.studyfile import DesignTable
from study_server.slots import better_condition, items_of, plan

DESIGNS = [
    (mains, DesignTable(participants=24, main_trials=trials, repeats=repeats, blocks=blocks, seed=seed))
    for mains, trials, repeats, blocks, seed in [
        (6, 4, 2, 2, 0),
        (7, 4, 4, 1, 1),
        (5, 10, 0, 3, 2),
        (8, 8, 8, 2, 3),
        (3, 6, 1, 2, 4),
        (1, 2, 2, 1, 5),
        (12, 6, 6, 4, 6),
    ]
]


@pytest.fixture(params=DESIGNS, ids=lambda p: f"{p[0]}items-{p[1].main_trials}trials-{p[1].repeats}repeats")
def case(request, tiny, tmp_path):
    """A manifest and a design."""
    mains, design = request.param
    return tiny.make_stimuli(tmp_path, mains=mains), design


def mains_of(trials):
    """Return the main trials of a plan."""
    return [trial for trial in trials if trial.purpose == "main"]


def test_items_are_shown_evenly_after_any_number_of_slots(case):
    """After each slot, two main items differ by at most one showing."""
    manifest, design = case
    shown = Counter({item.item_id: 0 for item in items_of(manifest, "main")})

    for slot in range(40):
        shown.update(trial.item_id for trial in mains_of(plan(manifest, design, slot)))
        assert max(shown.values()) - min(shown.values()) <= 1


def test_each_item_has_both_sides_alike_over_slots(case):
    """Over slots, an item shows the first condition left as often as right, give or take one."""
    manifest, design = case
    left, right = Counter(), Counter()
    for slot in range(40):
        for trial in mains_of(plan(manifest, design, slot)):
            (left if trial.left_condition == manifest.compare[0] else right)[trial.item_id] += 1

    assert all(abs(left[item.item_id] - right[item.item_id]) <= 1 for item in items_of(manifest, "main"))


def test_sides_are_balanced_within_each_slot(case):
    """An even number of main trials has exactly half of them with the first condition on the left."""
    manifest, design = case
    for slot in range(40):
        on_left = sum(t.left_condition == manifest.compare[0] for t in mains_of(plan(manifest, design, slot)))
        assert abs(2 * on_left - design.main_trials) <= design.main_trials % 2


def test_repeats_come_later_with_swapped_sides(case):
    """A repeat points at an earlier main trial of the same item and shows it the other way round."""
    manifest, design = case
    for slot in range(10):
        trials = plan(manifest, design, slot)
        repeats = [trial for trial in trials if trial.purpose == "repeat"]
        assert design.repeats == len(repeats) == len({trial.repeat_of for trial in repeats})
        for repeat in repeats:
            first = trials[repeat.repeat_of]
            assert first.trial_index < repeat.trial_index
            assert (first.purpose, first.item_id) == ("main", repeat.item_id)
            assert (first.left_condition, first.right_condition) == (repeat.right_condition, repeat.left_condition)


def test_repeats_are_balanced_over_sides(case):
    """An even number of repeats has both sides alike."""
    manifest, design = case
    for slot in range(10):
        repeats = [trial for trial in plan(manifest, design, slot) if trial.purpose == "repeat"]
        on_left = sum(trial.left_condition == manifest.compare[0] for trial in repeats)
        assert abs(2 * on_left - len(repeats)) <= 1


def test_practice_is_first_and_blocks_rise(case):
    """Practice is block 0 at the start; the other trials fill blocks 1 to n in equal parts, give or take one."""
    manifest, design = case
    trials = plan(manifest, design, 3)
    sizes = Counter(trial.block for trial in trials if trial.block > 0)

    assert [trial.block for trial in trials] == sorted(trial.block for trial in trials)
    assert {trial.purpose for trial in trials if trial.block == 0} == {"practice"}
    assert set(sizes) == set(range(1, design.blocks + 1))
    assert max(sizes.values()) - min(sizes.values()) <= 1
    assert [trial.trial_index for trial in trials] == list(range(len(trials)))


def test_catch_trials_are_spread_and_balanced(case):
    """Each catch item comes once, the better side is left and right alike, and no two stand side by side."""
    manifest, design = case
    for slot in range(10):
        trials = plan(manifest, design, slot)
        catches = [trial for trial in trials if trial.purpose == "catch"]
        better_left = sum(t.left_condition == "GOOD" for t in catches)
        assert sorted(t.item_id for t in catches) == [item.item_id for item in items_of(manifest, "catch")]
        assert better_left == len(catches) / 2
        assert all(b.trial_index - a.trial_index > 1 for a, b in itertools.pairwise(catches))


def test_a_plan_depends_on_its_number_and_seed_only(case):
    """The same slot gives the same plan; another slot or seed gives another order."""
    manifest, design = case
    other = design.model_copy(update={"seed": design.seed + 100})

    assert plan(manifest, design, 5) == plan(manifest, design, 5)
    assert plan(manifest, design, 5) != plan(manifest, design, 6)
    assert any(plan(manifest, design, slot) != plan(manifest, other, slot) for slot in range(4))


def test_a_known_plan_stays_as_it_is(tiny, tmp_path):
    """A published seed gives the published order, on any machine and any version of Python."""
    manifest = tiny.make_stimuli(tmp_path)
    design = tiny.study_file().design

    found = [f"{t.item_id}:{t.left_condition}" for t in plan(manifest, design, 0)]

    assert found == GOLDEN


def test_identical_items_are_never_shown(tiny, tmp_path):
    """An item whose two images have the same pixels is no trial."""
    manifest = tiny.make_stimuli(tmp_path)
    items = [i.model_copy(update={"purpose": "identical"}) if i.item_id == "main-0" else i for i in manifest.items]
    changed = manifest.model_copy(update={"items": items})

    shown = {t.item_id for slot in range(20) for t in plan(changed, tiny.study_file().design, slot)}

    assert "main-0" not in shown


def test_the_better_side_has_the_reference_pixels_or_most_steps(manifest):
    """A careful eye chooses the image that is the reference itself, else the one with most steps."""
    catch = items_of(manifest, "catch")[0]
    as_reference = catch.reference.model_copy(update={"condition": "OBVIOUS", "num_steps": 3})
    turned = catch.model_copy(update={"stimuli": {**catch.stimuli, "OBVIOUS": as_reference}})

    assert better_condition(catch) == "GOOD"
    assert better_condition(turned) == "OBVIOUS"


GOLDEN = [
    "practice-9:OBVIOUS",
    "practice-8:GOOD",
    "main-3:OURS",
    "catch-6:GOOD",
    "main-4:UNIFORM",
    "main-0:OURS",
    "main-5:UNIFORM",
    "catch-7:OBVIOUS",
    "main-3:UNIFORM",
    "main-4:OURS",
]


def test_items_that_were_meant_to_be_identical_and_checks_are_shown(tiny, tmp_path):
    """Each once in every slot, apart from each other, with sides that change from slot to slot."""
    manifest = tiny.make_stimuli(tmp_path)
    names = {"identical": ("REFERENCE", "SAME"), "check": ("INSTRUCTED", "OTHER")}
    extras = [_two_sided(manifest.items[k], purpose, names[purpose]) for k, purpose in enumerate(names)]
    changed = manifest.model_copy(update={"items": [*manifest.items, *extras]})
    plans = [plan(changed, tiny.study_file().design, slot) for slot in range(2)]
    shown = [{t.purpose: (t.left_condition, t.right_condition) for t in p if t.purpose in names} for p in plans]

    assert [sorted(found) for found in shown] == [["check", "identical"]] * 2
    assert all(shown[0][purpose] == shown[1][purpose][::-1] for purpose in names)
    assert better_condition(extras[1]) == "INSTRUCTED"


def _two_sided(item, purpose, conditions):
    stimuli = {c: s.model_copy(update={"condition": c}) for c, s in zip(conditions, item.stimuli.values(), strict=True)}
    reference = stimuli[conditions[0]]
    if purpose == "identical":
        stimuli = {c: reference.model_copy(update={"condition": c}) for c in conditions}
    changed = {"item_id": f"{purpose}-0", "purpose": purpose, "stimuli": stimuli, "reference": reference}
    return item.model_copy(update=changed)

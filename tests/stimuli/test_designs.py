"""Designs of paired comparisons: balanced, connected, sides alike, and no prompt that a model has learned from."""

from collections import Counter
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetfusion.scenes.captions import captions
from stimuli.designs import assign, groups, pair_up, round_robin
from stimuli.errors import StudyFileError
from stimuli.manifest import Item, Manifest, Renderer, Stimulus
from stimuli.prompts import sample_held_out
from stimuli.studyfile import DesignTable, read_study_file, template
from study_server.slots import plan

NAMES = [f"C{k}" for k in range(9)]
conditions = st.integers(2, 9).map(lambda n: NAMES[:n])


@given(conditions)
def test_a_full_design_has_each_pair_once(names: list[str]) -> None:
    """Each condition meets each other one."""
    assert Counter(map(frozenset, pair_up(names, "full"))) == Counter(map(frozenset, combinations(names, 2)))


@given(conditions)
def test_a_round_robin_has_each_pair_once_and_nobody_twice_in_a_round(names: list[str]) -> None:
    """Neighbouring pairs take different conditions."""
    pairs, size = round_robin(names), len(names) // 2
    rounds = [pairs[k : k + size] for k in range(0, len(pairs), size)]

    assert Counter(map(frozenset, pairs)) == Counter(map(frozenset, combinations(names, 2)))
    assert all(len(set().union(*part)) == 2 * len(part) for part in rounds)


@given(conditions, st.sampled_from(NAMES))
def test_a_bridge_meets_each_other_condition(names: list[str], bridge: str) -> None:
    """A ladder is a bridge over the reference."""
    pairs = pair_up(names, "bridge", bridge)

    assert pairs == [(name, bridge) for name in names if name != bridge]
    assert len(groups(pairs)) == 1


@given(conditions, st.integers(1, 60), st.data())
def test_each_pair_is_assigned_equally_often(names: list[str], lines: int, data: st.DataObject) -> None:
    """Give or take one, whatever the numbers of lines and of pairs for each; no line has a pair twice."""
    pairs = pair_up(names, "balanced")
    per_line = data.draw(st.integers(1, len(pairs)))
    chosen = assign(pairs, [f"line {k}" for k in range(lines)], per_line)
    counts = Counter({pair: 0 for pair in pairs}) + Counter(pair for line in chosen for pair in line)

    assert [len(set(line)) for line in chosen] == [per_line] * lines
    assert max(counts.values()) - min(counts[pair] for pair in pairs) <= 1


@given(conditions, st.integers(1, 40), st.data())
def test_conditions_stand_about_equally_often(names: list[str], lines: int, data: st.DataObject) -> None:
    """In any run of the round robin two conditions differ by at most two showings."""
    pairs = pair_up(names, "balanced")
    per_line = data.draw(st.integers(1, len(pairs)))
    shown = [pair for line in assign(pairs, [str(k) for k in range(lines)], per_line) for pair in line]
    counts = Counter(name for pair in shown for name in pair)

    assert max(counts[name] for name in names) - min(counts[name] for name in names) <= 2


@given(conditions, st.permutations([f"line {k}" for k in range(12)]))
def test_the_order_of_the_prompts_changes_nothing(names: list[str], lines: list[str]) -> None:
    """What a line shows follows from all names of lines, not from the order in which they are written."""
    pairs = pair_up(names, "balanced")
    expected = dict(zip(sorted(lines), assign(pairs, sorted(lines), 1), strict=True))

    assert dict(zip(lines, assign(pairs, lines, 1), strict=True)) == expected


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda p: p[0] != p[1]), min_size=1))
def test_groups_are_what_the_pairs_join(edges: list[tuple[int, int]]) -> None:
    """Checked against a search from each condition."""
    pairs = [(str(one), str(other)) for one, other in edges]
    found = groups(pairs)

    assert sorted(map(sorted, found)) == sorted(map(sorted, {frozenset(_reached(pairs, pair[0])) for pair in pairs}))


def _reached(pairs: list[tuple[str, str]], start: str) -> set[str]:
    reached = {start}
    while more := {n for pair in pairs if reached & set(pair) for n in pair} - reached:
        reached |= more
    return reached


def manifest(pairs: list[tuple[str, str]], items: int) -> Manifest:
    """Return a manifest whose items take the pairs in turn."""

    def stimulus(condition: str, item: int) -> Stimulus:
        sha256 = f"{NAMES.index(condition)}{item:063d}"
        return Stimulus(condition=condition, num_steps=9, sha256=sha256, width=8, height=8, made_with="steps")

    def item(k: int, pair: tuple[str, str]) -> Item:
        stimuli = {condition: stimulus(condition, k) for condition in pair}
        return Item(item_id=f"i-{k}", prompt=f"p {k}", seed=0, purpose="main", reference=None, stimuli=stimuli)

    renderer = Renderer.model_validate(
        dict.fromkeys(Renderer.model_fields) | {"model": "m", "model_digest": "", "engine": "e", "versions": {}}
        | {"width": 8, "height": 8}
    )  # fmt: skip
    shown = [item(k, pairs[k % len(pairs)]) for k in range(items)]
    return Manifest(study="s", renderer=renderer, compare=pairs[0], reference_condition=None, items=shown, digests={})


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 6), st.integers(1, 4), st.sampled_from(["full", "bridge"]), st.integers(1, 30), st.integers(0, 9))
def test_sides_are_balanced_for_each_pair(n: int, times: int, design: str, trials: int, seed: int) -> None:
    """After any trial each pair had its first condition left as often as right, give or take one.

    After every two rounds through the items it is exact.
    """
    pairs = pair_up(NAMES[:n], "full") if design == "full" else pair_up(NAMES[1:n], "bridge", NAMES[0])
    shown = manifest(pairs, items=times * len(pairs))
    table = DesignTable(participants=1, main_trials=trials, seed=seed)
    lead: Counter[tuple[str, str]] = Counter()
    for slot in range(2 * len(shown.items)):  # two rounds, `trials` times over
        for trial in plan(shown, table, slot):
            pair = next(p for p in pairs if set(p) == {trial.left_condition, trial.right_condition})
            lead[pair] += 1 if trial.left_condition == pair[0] else -1
        if trials == 1:
            assert max(map(abs, lead.values())) <= 1

    assert set(lead.values()) == {0}


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 12), st.integers(0, 2**32))
def test_no_sampled_prompt_is_a_training_prompt(count: int, seed: int) -> None:
    """A sampled caption is held out by composition, whatever the seed, and stands once."""
    sample = sample_held_out(count, seed)

    assert len(set(sample)) == count
    assert not set(sample) & training()


@cache
def training() -> set[str]:
    """Return a good many training captions."""
    return set(captions(held_out=False, each=10, seed=0)) | set(captions(held_out=False, each=10, seed=1))


def test_a_sample_is_spread_over_the_strata() -> None:
    """Six prompts are one of each stratum, so a study is not all crowds or all walls."""
    assert set(sample_held_out(6, 3)) == set(captions(held_out=True, each=1, seed=3))


def write(folder: Path, stimuli: str) -> Path:
    """Write the template with another [stimuli] and return its path."""
    before, rest = template().split("[stimuli]\n", 1)
    path = folder / "study.toml"
    path.write_text(f"{before}[stimuli]\n{stimuli}\n[design]\n{rest.split('[design]', 1)[1]}", encoding="utf-8")
    return path


STEPS = ", ".join(f'{{name = "S{n}", rule = "steps", num_steps = {n}}}' for n in (3, 5, 9, 17))
NO_EXTRAS = 'catch_items = 0\npractice_items = 0\nreference = "S17"'


def test_a_design_that_joins_not_all_conditions_is_refused(tmp_path: Path) -> None:
    """Three prompts with one pair each cannot put five conditions on one scale."""
    stimuli = (
        f'prompts = ["a"]\nseeds = [0, 1]\n{NO_EXTRAS}\nconditions = [{STEPS}]\n'
        'compare = ["S3", "S5", "S9", "S17"]\npairs = "balanced"\npairs_per_item = 1'
    )
    with pytest.raises(StudyFileError, match=r"pairs_per_item': 2 prompts and seeds with 1 pairs each do not join all"):
        read_study_file(write(tmp_path, stimuli))


def test_two_step_counts_that_are_equal_are_refused(tmp_path: Path) -> None:
    """They would render to equal pixels; the message names both."""
    stimuli = f'prompts = ["a"]\nseeds = [0]\n{NO_EXTRAS}\ncompare = ["S3", "T3"]\nconditions = [{STEPS}, ' + (
        '{name = "T3", rule = "steps", num_steps = 3}]'
    )
    with pytest.raises(StudyFileError, match="S3 and T3 both take 3 steps, so they render to equal pixels"):
        read_study_file(write(tmp_path, stimuli))


def test_held_out_prompts_are_those_of_the_embedded_model(tmp_path: Path) -> None:
    """Another model may have learned from them."""
    path = write(tmp_path, 'prompts_from = "held-out"\nnum_prompts = 3\nseeds = [0]')
    path.write_text(path.read_text().replace('model = "scenes"', 'model = "somewhere/else"'))
    with pytest.raises(StudyFileError, match="prompts_from = 'held-out' is what the model 'scenes' did not learn from"):
        read_study_file(path)


def test_a_sampled_study_is_frozen_with_its_prompts(tmp_path: Path) -> None:
    """What is stored beside the answers names each prompt, and reads back as the same study."""
    study = read_study_file(write(tmp_path, 'prompts_from = "held-out"\nnum_prompts = 3\nseeds = [0]'))

    assert study.stimuli.prompts == list(sample_held_out(3, 0))
    assert type(study).model_validate(study.model_dump(mode="json")) == study

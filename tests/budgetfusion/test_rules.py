"""The rules that an evaluation compares."""

import numpy as np

from budgetfusion.rules import allocations, chance

OURS = np.array([3, 5, 9, 12])


def test_every_rule_has_ours_mean_but_those_that_ignore_it() -> None:
    """UNIFORM up to rounding, all other controls exactly."""
    prompts = ["a", "bb", "ccc", "dddd"]
    found = allocations(OURS, prompts, reference=65, fixed=(30, 65, 129), permutations=2, seed=0)

    assert {(a.rule, a.replicate): a.num_steps.mean() for a in found} == {
        ("OURS", 0): 7.25,
        ("UNIFORM", 0): 7.0,
        ("UNIFORM-EXACT", 0): 7.25,
        ("BY-LENGTH", 0): 7.25,
        ("REFERENCE", 0): 65.0,
        ("FIXED-30", 0): 30.0,
        ("FIXED-129", 0): 129.0,
        ("PERMUTED", 0): 7.25,
        ("PERMUTED", 1): 7.25,
    }


def test_chance_is_that_of_the_seed() -> None:
    """Asked again, chance hands out the same steps."""
    asked = {"reference": 65, "fixed": (), "permutations": 3}
    one, same, other = (allocations(OURS, list("abcd"), **asked, seed=seed) for seed in (1, 1, 2))

    assert [a.num_steps.tolist() for a in one] == [a.num_steps.tolist() for a in same]
    assert [a.num_steps.tolist() for a in one] != [a.num_steps.tolist() for a in other]


def test_the_chance_of_a_rule_is_its_own() -> None:
    """By its name and the seed, so that another rule beside it moves nothing."""
    first = [chance(rule, seed).random() for rule, seed in (("A", 0), ("A", 0), ("A", 1), ("B", 0))]

    assert first[0] == first[1]
    assert len(set(first)) == 3

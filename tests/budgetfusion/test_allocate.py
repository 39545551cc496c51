"""Allocations that do not look at the prompt."""

import numpy as np

from budgetfusion.allocate import dealt, exact, permuted, uniform, within


def test_uniform_is_the_rounded_mean() -> None:
    """Halves round up, as people round."""
    assert uniform(np.array([10, 11])) == 11
    assert uniform(np.array([10, 10, 11])) == 10


def test_exact_has_ours_total(rng: np.random.Generator) -> None:
    """With two adjacent counts, and the larger one for prompts by chance."""
    ours = np.array([3, 3, 4, 9, 12, 20, 21])

    found = exact(ours, rng)

    assert (found.sum(), set(found.tolist())) == (72, {10, 11})
    assert any((exact(ours, rng) != found).any() for _ in range(5))


def test_who_deserves_most_gets_most(rng: np.random.Generator) -> None:
    """The same budgets, dealt by another opinion; between equals chance decides."""
    assert dealt(np.array([2, 9, 5]), [3, 1, 2], rng).tolist() == [9, 2, 5]
    assert {tuple(dealt(np.array([2, 9]), [1, 1], rng).tolist()) for _ in range(20)} == {(2, 9), (9, 2)}


def test_permuted_keeps_the_multiset_of_budgets(rng: np.random.Generator) -> None:
    """The control has exactly OURS' mean, and deals the budgets to other prompts."""
    ours = np.arange(5, 25)

    control = permuted(ours, rng, replicates=8)

    assert control.shape == (8, 20)
    assert (np.sort(control, axis=1) == ours).all()
    assert (control != ours).any(axis=1).all()


def test_budgets_that_fit_are_left_alone() -> None:
    """A total that is not reached changes nothing."""
    assert within(np.array([5, 10]), 15).tolist() == [5, 10]


def test_budgets_are_cut_to_the_total_in_proportion(rng: np.random.Generator) -> None:
    """They sum to it exactly, none falls below one step, and a prompt that wanted more still gets no less."""
    wanted = rng.integers(1, 60, 40)
    for total in (40, 41, 300, int(wanted.sum()) - 1):
        cut = within(wanted, total)

        assert (cut.sum(), cut.min() >= 1, (cut <= wanted).all()) == (total, True, True)
        assert (np.diff(cut[np.argsort(wanted, kind="stable")]) >= -1).all()

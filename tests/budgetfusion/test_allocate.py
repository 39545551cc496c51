"""Allocations that do not look at the prompt."""

import numpy as np

from budgetfusion.allocate import permuted, uniform


def test_uniform_is_the_rounded_mean() -> None:
    """Halves round up, as people round."""
    assert uniform(np.array([10, 11])) == 11
    assert uniform(np.array([10, 10, 11])) == 10


def test_permuted_keeps_the_multiset_of_budgets(rng: np.random.Generator) -> None:
    """The control has exactly OURS' mean, and deals the budgets to other prompts."""
    ours = np.arange(5, 25)

    control = permuted(ours, rng, replicates=8)

    assert control.shape == (8, 20)
    assert (np.sort(control, axis=1) == ours).all()
    assert (control != ours).any(axis=1).all()

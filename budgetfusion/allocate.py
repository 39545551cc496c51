"""Ways to hand out OURS' steps otherwise: what OURS has to beat."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def uniform(num_steps: NDArray[np.int64]) -> int:
    """Return the rounded mean of OURS: the same budget for every prompt (arXiv:2412.05780, section 4, UNIFORM).

    Args:
        num_steps: OURS' steps, shape (prompts,), at least one.
    """
    return max(1, int(np.floor(num_steps.mean() + 0.5)))


def exact(num_steps: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return as equal budgets as possible with OURS' total: two adjacent counts, the larger one for prompts by chance.

    UNIFORM is rounded, so its total may differ from OURS' by half a step for each prompt; this one's does not.

    Args:
        num_steps: OURS' steps, shape (prompts,), at least one.
        rng: Where the chance comes from.

    Returns:
        Shape (prompts,).
    """
    fewer, left_over = divmod(int(num_steps.sum()), len(num_steps))
    found = np.full(len(num_steps), fewer, dtype=np.int64)
    found[rng.permutation(len(num_steps))[:left_over]] += 1
    return found


def dealt(num_steps: NDArray[np.int64], deserts: Sequence[float], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return OURS' budgets dealt by another opinion of which prompt deserves more.

    Args:
        num_steps: OURS' steps, shape (prompts,).
        deserts: A number for each prompt; the largest gets the most steps, equals by chance.
        rng: Where the chance comes from.

    Returns:
        Shape (prompts,), the same multiset.
    """
    order = np.lexsort([rng.permutation(len(num_steps)), np.asarray(deserts)])
    found = np.empty_like(num_steps)
    found[order] = np.sort(num_steps)
    return found


def permuted(num_steps: NDArray[np.int64], rng: np.random.Generator, replicates: int) -> NDArray[np.int64]:
    """Return OURS' budgets dealt to the wrong prompts: the same multiset, so exactly the same mean.

    An average of per-prompt ratios rewards any unequal budgets; only a gain over this control is the text's merit.

    Args:
        num_steps: OURS' steps, shape (prompts,).
        rng: Where the chance comes from.
        replicates: How many permutations.

    Returns:
        Shape (replicates, prompts).
    """
    return np.stack([rng.permutation(num_steps) for _ in range(replicates)])


def within(num_steps: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Cut budgets so that together they keep to a total; what is above one step is cut in proportion.

    Args:
        num_steps: Wanted steps, shape (prompts,), each at least 1.
        total: Steps for all, at least one for each prompt.

    Returns:
        Shape (prompts,): the wanted steps if they fit, else budgets that sum to `total`; what proportion leaves over
        goes to the largest remainders, the first of equals first.
    """
    if num_steps.sum() <= total:
        return num_steps
    above = num_steps - 1
    share = above * (total - len(num_steps)) / above.sum()
    cut: NDArray[np.int64] = np.floor(share).astype(np.int64)
    left_over = total - len(num_steps) - int(cut.sum())
    cut[np.argsort(-(share - cut), kind="stable")[:left_over]] += 1
    return 1 + cut

"""The rules that an evaluation compares: how many steps each gives to each prompt, and by which method."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from budgetfusion.allocate import dealt, exact, permuted, uniform

EULER = "EULER"
"""The method of every rule: the model's own sampler, in the slot engine. A baseline is a method of its own."""


@dataclass(frozen=True)
class Allocation:
    """One rule's steps for all prompts.

    Attributes:
        rule: Its name.
        replicate: Tells permutations apart; 0 for every other rule.
        num_steps: Of each prompt, shape (prompts,).
        method: How the images are made: `EULER`, or a baseline's name.
    """

    rule: str
    replicate: int
    num_steps: NDArray[np.int64]
    method: str = EULER


def chance(rule: str, seed: int) -> np.random.Generator:
    """Return the chance of one rule, whichever other rules there are."""
    return np.random.default_rng([seed, *rule.encode()])


def allocations(
    ours: NDArray[np.int64],
    prompts: Sequence[str],
    *,
    reference: int,
    fixed: Sequence[int],
    permutations: int,
    seed: int,
) -> list[Allocation]:
    """Return OURS and what it is compared with.

    UNIFORM is the paper's, UNIFORM-EXACT has OURS' total, BY-LENGTH deals OURS' budgets by the length of the prompts,
    PERMUTED by chance; REFERENCE and FIXED-n give every prompt the same whatever it costs.

    Args:
        ours: OURS' steps, shape (prompts,).
        prompts: The texts, in the same order.
        reference: Steps of REFERENCE.
        fixed: Steps of each FIXED-n; that of the reference is left out.
        permutations: Replicates of PERMUTED.
        seed: Of all chance.
    """
    rng = np.random.default_rng(seed)
    control = permuted(ours, rng, permutations)
    return [
        Allocation("OURS", 0, ours),
        Allocation("UNIFORM", 0, np.full_like(ours, uniform(ours))),
        Allocation("UNIFORM-EXACT", 0, exact(ours, rng)),
        Allocation("BY-LENGTH", 0, dealt(ours, [len(prompt) for prompt in prompts], chance("BY-LENGTH", seed))),
        Allocation("REFERENCE", 0, np.full_like(ours, reference)),
        *(Allocation(f"FIXED-{n}", 0, np.full_like(ours, n)) for n in sorted(set(fixed) - {reference})),
        *(Allocation("PERMUTED", k, steps) for k, steps in enumerate(control)),
    ]

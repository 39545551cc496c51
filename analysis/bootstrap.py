"""The pigeonhole bootstrap: participants and prompts are drawn again, each independently, and cells follow.

Its interval is conservative by construction: the variance counts the noise of a single choice three times.

Source:
    Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1(2).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.clusters import Codes, Numbers

Weights = NDArray[np.float32]
DENSE = 0.02  # share of filled cells from which a dense product is faster than a sparse one


def pigeonhole(
    values: Numbers,
    participants: Codes,
    prompts: Codes,
    *,
    replicates: int,
    rng: np.random.Generator,
    redraw_prompts: bool = True,
) -> Numbers:
    """Return the mean in each replicate, shape (replicates,).

    Args:
        values: A number for each choice, shape (choices,).
        participants: Codes, 0-based, shape (choices,).
        prompts: Codes, 0-based, shape (choices,).
        replicates: At least 1.
        rng: Draws the weights.
        redraw_prompts: Whether prompts are drawn again too; if not, only participants are.
    """
    shape = (int(participants.max()) + 1, int(prompts.max()) + 1)
    people = _weights(shape[0], replicates, rng)
    asked = _weights(shape[1], replicates, rng) if redraw_prompts else np.ones((replicates, shape[1]), np.float32)
    sums, counts = (
        _total(people, asked, _table(v, participants, prompts, shape)) for v in (values, np.ones_like(values))
    )
    return np.asarray(np.divide(sums, counts, out=np.full(replicates, np.nan), where=counts > 0), dtype=np.float64)


def _weights(size: int, replicates: int, rng: np.random.Generator) -> Weights:
    """Return how often each of `size` is drawn when as many are drawn with replacement, shape (replicates, size)."""
    drawn = rng.integers(0, size, (replicates, size)) + size * np.arange(replicates)[:, None]
    return np.bincount(drawn.ravel(), minlength=replicates * size).reshape(replicates, size).astype(np.float32)


def _table(values: Numbers, rows: Codes, columns: Codes, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((values, (rows, columns)), shape=shape, dtype=np.float32)


def _total(people: Weights, asked: Weights, table: sparse.csr_matrix) -> Numbers:
    """Return the weighted sum over all cells in each replicate; counts below 2^24 are exact in single precision."""
    dense = table.nnz > DENSE * table.shape[0] * table.shape[1]
    by_prompt = people @ table.toarray() if dense else np.asarray((table.T @ people.T).T)
    return np.asarray(np.einsum("rq,rq->r", by_prompt, asked, dtype=np.float64))

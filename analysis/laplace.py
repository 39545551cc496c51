"""Laplace's approximation to the likelihood of crossed random effects, with its exact gradient.

Random effects are whitened (u ~ N(0, I), effect = SD * u). The largest factor without a slope is eliminated through its
diagonal block, so that the only dense matrix is a Schur complement of the size of the other factors together.

Source:
    Bates, Maechler, Bolker and Walker (2015), Journal of Statistical Software 67(1), section 5 (the approximation);
    the gradient differentiates through the mode, as in Kristensen et al. (2016), Journal of Statistical Software 70(5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from analysis.likelihood import Likelihood, Link, likelihood, log_coefficients

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

STEP_TOLERANCE = 1e-6  # of the mode; Newton's steps shrink quadratically, and the last one is still taken
MAX_STEPS = 60
DENSE = 0.1  # share of filled cells from which a dense product is faster than a sparse one


@dataclass(frozen=True)
class Term:
    """One random effect: a level for each observation, and a covariate where it is a slope."""

    codes: Codes
    size: int
    covariate: Numbers | None = None

    def spread(self, effects: Numbers) -> Numbers:
        """Return each observation's effect, shape (observations,)."""
        drawn = effects[self.codes]
        return drawn if self.covariate is None else drawn * self.covariate

    def collect(self, values: Numbers) -> Numbers:
        """Return the sums over each level, shape (size,); the transpose of `spread`."""
        weights = values if self.covariate is None else values * self.covariate
        return np.asarray(np.bincount(self.codes, weights, self.size), dtype=np.float64)


@dataclass(frozen=True)
class Factor:
    """The factorised Hessian of the random effects at a mode: Schur complement, coupling and eliminated diagonal."""

    schur: Numbers
    coupling: sparse.csr_matrix
    diagonal: Numbers

    @property
    def log_determinant(self) -> float:
        """The log of the determinant of the whole Hessian."""
        return float(2 * np.log(np.diag(self.schur)).sum() + np.log(self.diagonal).sum())

    def solve(self, right: Numbers) -> Numbers:
        """Solve Hessian * x = right."""
        dense, rest = right[: len(self.schur)], right[len(self.schur) :]
        first = dense - self.coupling @ (rest / self.diagonal)
        first = linalg.cho_solve((self.schur, True), first, check_finite=False) if len(first) else first
        return np.concatenate([first, (rest - self.coupling.T @ first) / self.diagonal])


@dataclass
class Laplace:
    """The approximate log-likelihood of one data set; it remembers the last mode as the start of the next search.

    Args:
        successes: Shape (observations,).
        trials: Shape (observations,).
        fixed: Design of the fixed effects, shape (observations, effects).
        terms: Random effects; the last one is eliminated and must have no covariate.
        link: 'logit' or 'probit'.
    """

    successes: Numbers
    trials: Numbers
    fixed: Numbers
    terms: Sequence[Term]
    link: Link
    modes: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.modes = np.zeros(sum(term.size for term in self.terms))
        self.starts = np.cumsum([0, *(term.size for term in self.terms)])
        self._constant = log_coefficients(self.successes, self.trials)
        last, dense = self.terms[-1], self.terms[:-1]
        flat = [(start + t.codes) * last.size + last.codes for t, start in zip(dense, self.starts, strict=False)]
        cells, self._cell = np.unique(np.concatenate([*flat, np.empty(0, np.int64)]), return_inverse=True)
        rows = np.searchsorted(cells // last.size, np.arange(self._n_dense + 1))
        self._pattern = (cells % last.size, rows)

    @property
    def _n_dense(self) -> int:
        return int(self.starts[-2])

    def value(self, sds: Numbers, betas: Numbers) -> tuple[float, Likelihood, Factor]:
        """Return the log-likelihood, and what its gradient is made of.

        Args:
            sds: Standard deviation of each term, shape (terms,).
            betas: Fixed effects, shape (effects,).
        """
        offset = self.fixed @ betas
        modes, there = self.modes, self._at(offset, sds, self.modes)
        height = there.value.sum() - 0.5 * modes @ modes
        for _ in range(MAX_STEPS):
            factor = self._factorise(sds, there.weight)
            step = factor.solve(self._pull(sds, there.first) - modes)
            modes, there, height = self._climb(offset, sds, modes, step, height)
            if np.abs(step).max() < STEP_TOLERANCE:
                break
        self.modes = modes
        return float(height - 0.5 * factor.log_determinant + self._constant), there, factor

    def gradient(self, sds: Numbers, there: Likelihood, factor: Factor) -> Numbers:
        """Return the derivatives by the standard deviations, then by the fixed effects, at the last mode."""
        inverse_diagonal, leverage = self._inverse(sds, factor)
        tilt = 0.5 * there.third * leverage
        adjoint = factor.solve(self._pull(sds, tilt))
        pulled = tilt - there.weight * self._push(sds, adjoint)
        by_sd = [
            (there.first + pulled) @ term.spread(self.modes[part])
            + there.first @ term.spread(adjoint[part])
            - (term.size - inverse_diagonal[part].sum()) / sd
            for term, part, sd in zip(self.terms, self.parts, sds, strict=True)
        ]
        return np.concatenate([by_sd, self.fixed.T @ (there.first + pulled)])

    @property
    def parts(self) -> list[slice]:
        """Where each term's effects lie among the modes."""
        return [slice(a, b) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def inverse_diagonal(self, sds: Numbers, factor: Factor) -> Numbers:
        """Return the conditional variances of the whitened effects, shape (effects,)."""
        return self._inverse(sds, factor)[0]

    def _at(self, offset: Numbers, sds: Numbers, modes: Numbers) -> Likelihood:
        return likelihood(self.link, self.successes, self.trials, offset + self._push(sds, modes))

    def _climb(
        self, offset: Numbers, sds: Numbers, modes: Numbers, step: Numbers, height: float
    ) -> tuple[Numbers, Likelihood, float]:
        for halving in range(12):
            tried = modes + step * 0.5**halving
            there = self._at(offset, sds, tried)
            reached = there.value.sum() - 0.5 * tried @ tried
            if reached >= height - 1e-9 * abs(height):
                break
        return tried, there, float(reached)

    def _push(self, sds: Numbers, effects: Numbers) -> Numbers:
        parts = zip(self.terms, self.parts, sds, strict=True)
        return np.asarray(np.sum([sd * term.spread(effects[part]) for term, part, sd in parts], axis=0))

    def _pull(self, sds: Numbers, values: Numbers) -> Numbers:
        return np.concatenate([sd * term.collect(values) for term, sd in zip(self.terms, sds, strict=True)])

    def _factorise(self, sds: Numbers, weight: Numbers) -> Factor:
        *dense, last = self.terms
        diagonal = 1 + sds[-1] ** 2 * last.collect(weight)
        entries = [sd * sds[-1] * _times(weight, term) for term, sd in zip(dense, sds, strict=False)]
        filled = np.bincount(self._cell, np.concatenate([*entries, np.empty(0)]), len(self._pattern[0]))
        coupling = sparse.csr_matrix((filled, *self._pattern), shape=(self._n_dense, last.size))
        schur = self._dense_block(sds, weight) - _gram(coupling, diagonal)
        return Factor(linalg.cholesky(schur, lower=True, check_finite=False), coupling, diagonal)

    def _dense_block(self, sds: Numbers, weight: Numbers) -> Numbers:
        n = self._n_dense
        block = np.zeros(n * n)
        terms = list(zip(self.terms[:-1], self.starts, sds, strict=False))
        for a, at_a, sd_a in terms:
            for b, at_b, sd_b in terms:
                if a is b:  # its levels never meet: only the diagonal
                    at = (at_a + np.arange(a.size)) * (n + 1)
                    block[at] += 1 + sd_a**2 * a.collect(_times(weight, a))
                else:
                    cells = (at_a + a.codes) * n + at_b + b.codes
                    block += np.bincount(cells, sd_a * sd_b * _times(_times(weight, a), b), n * n)
        return block.reshape(n, n)

    def _inverse(self, sds: Numbers, factor: Factor) -> tuple[Numbers, Numbers]:
        """Return the diagonal of the inverse Hessian, and each observation's leverage a' H^-1 a."""
        inverse = linalg.cho_solve((factor.schur, True), np.eye(self._n_dense), check_finite=False)
        across = np.asarray(factor.coupling.T @ inverse) / factor.diagonal[:, None]
        cross = factor.coupling.T.multiply(across).sum(axis=1)
        rest = 1 / factor.diagonal + np.asarray(cross).ravel() / factor.diagonal
        *dense, last = self.terms
        leverage = sds[-1] ** 2 * rest[last.codes]
        for a, at_a, sd_a in zip(dense, self.starts, sds, strict=False):
            own = -2 * sd_a * sds[-1] * across[last.codes, at_a + a.codes]
            leverage += _times(own, a)
            for b, at_b, sd_b in zip(dense, self.starts, sds, strict=False):
                leverage += _times(_times(sd_a * sd_b * inverse[at_a + a.codes, at_b + b.codes], a), b)
        return np.concatenate([np.diag(inverse), rest]), leverage


def _times(values: Numbers, term: Term) -> Numbers:
    return values if term.covariate is None else values * term.covariate


def _gram(coupling: sparse.csr_matrix, diagonal: Numbers) -> Numbers:
    """Return coupling * diagonal^-1 * its transpose."""
    rows, columns = coupling.shape
    scaled = coupling.multiply(1 / np.sqrt(diagonal)).tocsr() if rows else coupling
    if coupling.nnz > DENSE * rows * columns:
        full = scaled.toarray()
        return np.asarray(full @ full.T)
    return np.asarray((scaled @ scaled.T).toarray())

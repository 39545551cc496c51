"""What each rule's images are worth: generated at exactly the steps that it chooses, never read off a curve."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion import shots
from budgetfusion.baselines.matching import Mixture, match
from budgetfusion.baselines.methods import NAMES, Baseline, baseline, in_slots
from budgetfusion.baselines.samplers import SAMPLERS
from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.engine import SLOTS
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.metrics import Encoder
from budgetfusion.metrics.networks import Network
from budgetfusion.parts import Parts
from budgetfusion.rules import EULER, Allocation, allocations
from budgetfusion.shots import SHOT, Shot

Row = dict[str, Any]

CHUNK = 16
"""Prompts and seeds whose images are made together and written as one part."""


@dataclass(frozen=True)
class Question:
    """What is compared.

    Attributes:
        budgets: OURS', one for each prompt.
        seeds: Of the images.
        references: Steps of the references that the metrics compare with; the first is the rule REFERENCE.
        fixed: Steps of the rules that give every prompt the same.
        permutations: Replicates of the PERMUTED control.
        baselines: Names of `baselines.methods.NAMES`, each brought to OURS' total.
        seed: Of all chance in handing out steps.
        informed: Further rules at OURS' total, see `informed`.
    """

    budgets: Sequence[Budget]
    seeds: Sequence[int]
    references: tuple[int, ...] = (65, 129)
    fixed: tuple[int, ...] = (30, 50, 65, 129)
    permutations: int = 20
    baselines: tuple[str, ...] = NAMES
    seed: int = 0
    informed: tuple[Allocation, ...] = ()

    @property
    def prompts(self) -> list[str]:
        """The texts."""
        return [budget.prompt for budget in self.budgets]

    @property
    def own(self) -> tuple[str, ...]:
        """Baselines that have references of their own: samplers, whose images converge to others than Euler's."""
        return tuple(name for name in self.baselines if name in SAMPLERS)


class Evaluation:
    """A question about a model, on its way to rows.

    Args:
        model: The diffusion model.
        question: What is compared.
        slots: Images in each batch.

    Raises:
        BudgetUnmatchedError: If there are too few prompts to bring a baseline to OURS' total.
        DenoiserUnsupportedError: If a baseline cannot take the model apart.
    """

    def __init__(self, model: Model, question: Question, *, slots: int = SLOTS) -> None:
        self.model, self.question, self._slots = model, question, slots
        self._flops = flops_of(model)
        most = max(*question.references, *(4 * budget.num_steps for budget in question.budgets))
        made = [baseline(model, name, most, slots) for name in question.baselines]
        self._baselines: dict[str, Baseline] = {one.name: one for one in made}
        self.mixtures: dict[str, Mixture] = {one.name: self._matched(one) for one in made}
        """How each baseline was brought to OURS' total."""

    @cached_property
    def allocations(self) -> list[Allocation]:
        """Every rule's and every baseline's steps."""
        asked = self.question
        rules = allocations(
            self._ours,
            asked.prompts,
            reference=asked.references[0],
            fixed=asked.fixed,
            permutations=asked.permutations,
            seed=asked.seed,
        )
        return [
            *rules,
            *asked.informed,
            *(Allocation(name, 0, mix.num_steps, name) for name, mix in self.mixtures.items()),
        ]

    @cached_property
    def shots(self) -> dict[tuple[int, int], list[Shot]]:
        """The images of each prompt (its place) and seed, references among them; none twice."""
        asked = self.question
        found = {}
        for seed in asked.seeds:
            for k, prompt in enumerate(asked.prompts):
                chosen = [Shot(a.method, prompt, seed, int(a.num_steps[k])) for a in self.allocations]
                compared = [Shot(m, prompt, seed, n) for m in (EULER, *asked.own) for n in asked.references]
                found[k, seed] = sorted({*chosen, *compared})
        return found

    def measured(
        self,
        encoder: Encoder,
        networks: Mapping[str, Network],
        path: Path,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> dict[Shot, Row]:
        """Make and measure every image; finished parts lie beside `path` until `finish`.

        Args:
            encoder: The features of the metrics.
            networks: Through which sets will be scored, by name.
            path: Of the evaluation table.
            progress: Called with the numbers of images made and wanted.
        """
        cells, found = list(self.shots.values()), dict[Shot, Row]()
        total, parts = sum(map(len, cells)), Parts(path, SHOT)
        for start in range(0, len(cells), CHUNK):
            wanted = [shot for cell in cells[start : start + CHUNK] for shot in cell]
            asked = [wanted, self.question.references, sorted(networks)]
            key = [self.model.digest, encoder.name, self._slots, asked]
            rows = parts.rows(key, partial(self._make, wanted, encoder, networks))
            found |= {Shot(*(row[name] for name in Shot._fields)): row for row in rows}
            progress(len(found), total)
        return found

    def rows(self, measured: Mapping[Shot, Row], encoder: Encoder) -> list[Row]:
        """Return the rows of the evaluation table: one for each rule, replicate, seed, prompt and reference.

        Args:
            measured: Every image, as `measured` returns them.
            encoder: Through which they were measured.
        """
        own = {"encoder": encoder.name, "config_digest": self.model.digest}
        return [row | own for allocation in self.allocations for row in self._rows_of(allocation, measured)]

    def answers(self, rows: Sequence[Row], encoder: Encoder) -> bool:
        """Say whether rows are those that this question would get again, seen through an encoder."""
        names = ("rule", "replicate", "seed", "prompt", "num_steps", "reference", "reference_num_steps")
        found = {tuple(row[name] for name in names) for row in rows}
        wanted = {
            (a.rule, a.replicate, seed, prompt, int(a.num_steps[k]), method, reference)
            for a in self.allocations
            for seed in self.question.seeds
            for k, prompt in enumerate(self.question.prompts)
            for method in self._references_of(a.method)
            for reference in self.question.references
        }
        own = {(row["config_digest"], row["encoder"]) for row in rows}
        return found == wanted and own == {(self.model.digest, encoder.name)}

    def tflop(self, method: str, num_steps: int) -> float:
        """Return what one image costs, TFLOP."""
        if method == EULER:
            return self._flops.image(num_steps)
        return float(self._baselines[method].costs[num_steps - 1])

    @property
    def _ours(self) -> NDArray[np.int64]:
        return np.array([budget.num_steps for budget in self.question.budgets], dtype=np.int64)

    def _matched(self, one: Baseline) -> Mixture:
        """Mix a baseline's steps to OURS' total; its chance is its own, whichever others there are."""
        target = sum(self._flops.image(n) for n in self._ours.tolist())
        rng = np.random.default_rng([self.question.seed, NAMES.index(one.name)])
        return match(one.costs, target, len(self.question.budgets), rng)

    def _make(self, wanted: Sequence[Shot], encoder: Encoder, networks: Mapping[str, Network]) -> list[Row]:
        euler = partial(in_slots, self.model, self._slots, share=True)
        makers = {EULER: euler} | {name: one.make for name, one in self._baselines.items()}
        asked = self.question
        return shots.measure(shots.take(wanted, makers), asked.references, asked.own, encoder, networks)

    def _references_of(self, method: str) -> tuple[str, ...]:
        return (EULER, method) if method in self.question.own else (EULER,)

    def _rows_of(self, allocation: Allocation, measured: Mapping[Shot, Row]) -> Iterator[Row]:
        for seed in self.question.seeds:
            for prompt, steps in zip(self.question.prompts, allocation.num_steps.tolist(), strict=True):
                shot = measured[Shot(allocation.method, prompt, seed, steps)]
                for against in shot["against"]:
                    yield {
                        "prompt_id": prompt_id(prompt),
                        "prompt": prompt,
                        "seed": seed,
                        "rule": allocation.rule,
                        "replicate": allocation.replicate,
                        "num_steps": steps,
                        "tflop": self.tflop(allocation.method, steps),
                        "l_snr_db": shot["l_snr_db"],
                        "l_snr": shot["l_snr"],
                        **against,
                    }

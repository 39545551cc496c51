"""Do OURS' step counts carry over to other schedulers? Rows of the transfer table.

Source:
    arXiv:2408.02054 (StepSaver) claims it of step counts found with DDIM. Steps are no common measure: Heun and KDPM2
    ask the denoiser twice in all steps but one. So each scheduler is asked twice: with OURS' number of steps, and with
    as many as keep to OURS' number of evaluations.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetfusion.baselines.transfer import SCHEDULERS, expected_evaluations, transfer
from budgetfusion.budgets import Budget, prompt_id
from budgetfusion.diffusion.pictures import flops_of
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.measurements import TRANSFER
from budgetfusion.metrics import Encoder, measure_images
from budgetfusion.parts import Parts

Row = dict[str, Any]
EQUALS = ("steps", "evaluations")

_BATCH, _FEWEST = 16, 2
Pixels = NDArray[np.uint8]


class Shot(NamedTuple):
    """One image: of what, from which noise, in how many steps."""

    prompt: str
    seed: int
    num_steps: int


class Transfers:
    """A question about schedulers, on its way to rows.

    Args:
        model: The diffusion model.
        budgets: OURS', one for each prompt.
        seeds: Of the images.
        reference: Steps of each scheduler's own image that its images are compared with.
        schedulers: Names of `baselines.transfer.SCHEDULERS`.
    """

    def __init__(
        self,
        model: Model,
        budgets: Sequence[Budget],
        seeds: Sequence[int],
        reference: int,
        schedulers: Sequence[str] = tuple(SCHEDULERS),
    ) -> None:
        self.model, self.budgets, self.seeds, self.reference = model, list(budgets), list(seeds), reference
        self.schedulers = list(schedulers)

    def rows(self, encoder: Encoder, path: Path, progress: Callable[[int], None] = lambda done: None) -> list[Row]:
        """Make and measure the images; finished schedulers lie beside `path` until `Parts.clear`.

        Args:
            encoder: The features of the metrics.
            path: Of the transfer table.
            progress: Called with the number of schedulers that are done.
        """
        parts, found = Parts(path, TRANSFER), list[Row]()
        asked = [[budget.prompt, budget.num_steps] for budget in self.budgets]
        for done, scheduler in enumerate(self.schedulers):
            progress(done)
            key = [self.model.digest, encoder.name, asked, self.seeds, self.reference, scheduler]
            found += parts.rows(key, partial(self._of, scheduler, encoder))
        progress(len(self.schedulers))
        return found

    def answers(self, rows: Sequence[Row], encoder: Encoder) -> bool:
        """Say whether rows are those that this question would get again, seen through an encoder."""
        names = ("scheduler", "equal", "prompt", "seed", "num_steps", "reference_num_steps", "encoder", "config_digest")
        found, seen_by = [tuple(row[name] for name in names) for row in rows], encoder.name
        return found == [
            (scheduler, equal, budget.prompt, seed, steps, self.reference, seen_by, self.model.digest)
            for scheduler in self.schedulers
            for (budget, seed, equal), steps in self._wanted(scheduler)
        ]

    @cached_property
    def _flops(self) -> Any:
        return flops_of(self.model)

    def _wanted(self, scheduler: str) -> list[tuple[tuple[Budget, int, str], int]]:
        """Return what is asked of a scheduler, with its steps."""
        return [
            ((budget, seed, equal), _steps(scheduler, budget.num_steps, equal))
            for budget, seed, equal in product(self.budgets, self.seeds, EQUALS)
        ]

    def _of(self, scheduler: str, encoder: Encoder) -> list[Row]:
        wanted = self._wanted(scheduler)
        shots = {Shot(budget.prompt, seed, steps) for (budget, seed, _), steps in wanted}
        shots |= {Shot(budget.prompt, seed, self.reference) for budget, seed in product(self.budgets, self.seeds)}
        images, counts = self._take(scheduler, sorted(shots))
        measured, seen_by = _measured(images, self.reference, encoder), encoder.name
        return [
            {
                "prompt_id": prompt_id(budget.prompt),
                "prompt": budget.prompt,
                "seed": seed,
                "scheduler": scheduler,
                "equal": equal,
                "num_steps": steps,
                "evaluations": counts[steps],
                "tflop": self._flops.image(counts[steps]),
                "i_clip_caption": None,
                **measured[Shot(budget.prompt, seed, steps)],
                "encoder": seen_by,
                "reference_num_steps": self.reference,
                "config_digest": self.model.digest,
            }
            for (budget, seed, equal), steps in wanted
        ]

    def _take(self, scheduler: str, shots: Sequence[Shot]) -> tuple[dict[Shot, Pixels], dict[int, int]]:
        """Make images, those of equal steps together, and count each step count's evaluations."""
        images, counts = dict[Shot, Pixels](), dict[int, int]()
        for num_steps in sorted({shot.num_steps for shot in shots}):
            same = [shot for shot in shots if shot.num_steps == num_steps]
            for start in range(0, len(same), _BATCH):
                batch = same[start : start + _BATCH]
                prompts, seeds = [shot.prompt for shot in batch], [shot.seed for shot in batch]
                made = transfer(self.model, scheduler, prompts, seeds, num_steps)
                images |= dict(zip(batch, made.pixels, strict=True))
                counts[num_steps] = made.evaluations
        return images, counts


def _steps(scheduler: str, ours: int, equal: str) -> int:
    """Return OURS' steps, or the most that keep to OURS' evaluations; at least two, which some schedulers want."""
    if equal == "steps":
        return max(ours, _FEWEST)
    return next((n for n in range(ours, _FEWEST, -1) if expected_evaluations(scheduler, n) <= ours), _FEWEST)


def _measured(images: Mapping[Shot, Pixels], reference: int, encoder: Encoder) -> dict[Shot, dict[str, float]]:
    """Measure each image against its prompt's and seed's own reference."""
    measured = dict[Shot, dict[str, float]]()
    for prompt, seed in dict.fromkeys((shot.prompt, shot.seed) for shot in images):
        here = [shot for shot in images if (shot.prompt, shot.seed) == (prompt, seed)]
        target = images[Shot(prompt, seed, reference)]
        metrics = measure_images(np.stack([images[shot] for shot in here]), target, encoder)
        measured |= {shot: {name: float(metrics[name][k]) for name in metrics} for k, shot in enumerate(here)}
    return measured

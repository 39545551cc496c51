"""What each rule's images are worth: generated at exactly the steps that it chooses, never read off a curve."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion.allocate import permuted, uniform
from budgetfusion.budgets import Budget
from budgetfusion.cost import FlopCount, count_flops
from budgetfusion.diffusion.pipeline import Model, generate
from budgetfusion.metrics import Encoder, measure_images

Row = dict[str, Any]
_BATCH = 16


@dataclass(frozen=True)
class Allocation:
    """One rule's steps for all prompts: shape (prompts,); `replicate` tells permutations apart."""

    rule: str
    replicate: int
    num_steps: NDArray[np.int64]


def allocations(ours: NDArray[np.int64], reference: int, permutations: int, seed: int) -> list[Allocation]:
    """Return OURS, UNIFORM, REFERENCE and the PERMUTED control.

    Args:
        ours: OURS' steps, shape (prompts,).
        reference: Steps of the reference, e.g. 65.
        permutations: How many replicates of PERMUTED.
        seed: Of the permutations.
    """
    control = permuted(ours, np.random.default_rng(seed), permutations)
    return [
        Allocation("OURS", 0, ours),
        Allocation("UNIFORM", 0, np.full_like(ours, uniform(ours))),
        Allocation("REFERENCE", 0, np.full_like(ours, reference)),
        *(Allocation("PERMUTED", k, steps) for k, steps in enumerate(control)),
    ]


def evaluate(
    model: Model,
    encoder: Encoder,
    budgets: Sequence[Budget],
    seeds: Sequence[int],
    *,
    reference: int = 65,
    permutations: int = 20,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Row]:
    """Generate and measure what every rule would show.

    Args:
        model: The diffusion model.
        encoder: The features of the metrics.
        budgets: OURS' budgets, one for each prompt.
        seeds: Of the images.
        reference: Steps of the reference that the metrics compare with.
        permutations: Replicates of the PERMUTED control.
        seed: Of the permutations.
        progress: Called with the numbers of images made and wanted.

    Returns:
        Rows of the evaluation table.
    """
    rules = allocations(np.array([budget.num_steps for budget in budgets]), reference, permutations, seed)
    wanted = {(k, int(n)) for rule in rules for k, n in enumerate(rule.num_steps)}
    flops = count_flops(model.pipe, model.height, model.width)
    rows: list[Row] = []
    for done, image_seed in enumerate(seeds):
        advance = partial(_advance, progress, done * len(wanted), len(seeds) * len(wanted))
        images = _images(model, budgets, image_seed, wanted, advance)
        measured = _measured(images, reference, encoder)
        for rule in rules:
            rows += _rule_rows(rule, budgets, image_seed, measured, flops, reference, model.digest)
    return rows


def is_current(
    rows: Sequence[Row], budgets: Sequence[Budget], seeds: Sequence[int], reference: int, permutations: int, digest: str
) -> bool:
    """Say whether rows are what `evaluate` would return again: same model, prompts, steps, seeds and control."""
    found = {(r["prompt"], r["seed"], r["num_steps"]) for r in rows if r["rule"] == "OURS"}
    wanted = {(b.prompt, seed, b.num_steps) for b in budgets for seed in seeds}
    replicates = {r["replicate"] for r in rows if r["rule"] == "PERMUTED"}
    settings = {(r["config_digest"], r["reference_num_steps"]) for r in rows}
    return found == wanted and replicates == set(range(permutations)) and settings == {(digest, reference)}


def _advance(progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _images(
    model: Model,
    budgets: Sequence[Budget],
    seed: int,
    wanted: set[tuple[int, int]],
    progress: Callable[[int], None],
) -> dict[tuple[int, int], NDArray[np.uint8]]:
    """Make the image of each (prompt, steps), those of equal steps together."""
    images: dict[tuple[int, int], NDArray[np.uint8]] = {}
    for num_steps in sorted({n for _, n in wanted}):
        prompts = sorted(k for k, n in wanted if n == num_steps)
        for start in range(0, len(prompts), _BATCH):
            batch = prompts[start : start + _BATCH]
            made = generate(model, [budgets[k].prompt for k in batch], [seed] * len(batch), num_steps)
            images |= {(k, num_steps): image for k, image in zip(batch, made, strict=True)}
            progress(len(images))
    return images


def _measured(
    images: dict[tuple[int, int], NDArray[np.uint8]], reference: int, encoder: Encoder
) -> dict[tuple[int, int], dict[str, float]]:
    """Measure each image against its prompt's reference."""
    measured: dict[tuple[int, int], dict[str, float]] = {}
    for prompt in {k for k, _ in images}:
        keys = [key for key in images if key[0] == prompt]
        metrics = measure_images(np.stack([images[key] for key in keys]), images[prompt, reference], encoder)
        for row, key in enumerate(keys):
            measured[key] = {name: float(values[row]) for name, values in metrics.items()}
    return measured


def _rule_rows(
    rule: Allocation,
    budgets: Sequence[Budget],
    seed: int,
    measured: dict[tuple[int, int], dict[str, float]],
    flops: FlopCount,
    reference: int,
    digest: str,
) -> Iterator[Row]:
    for k, (budget, steps) in enumerate(zip(budgets, rule.num_steps.tolist(), strict=True)):
        yield {
            "prompt_id": budget.prompt_id,
            "prompt": budget.prompt,
            "seed": seed,
            "rule": rule.rule,
            "replicate": rule.replicate,
            "num_steps": steps,
            "tflop": flops.image(steps),
            **measured[k, steps],
            "reference_num_steps": reference,
            "config_digest": digest,
        }

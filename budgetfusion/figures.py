"""Figures of an evaluation: are the suggested steps enough, and would more show?

Source:
    Figures 6, 7 and 13 of arXiv:2412.05780.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion.baselines.methods import in_slots
from budgetfusion.budgets import Budget
from budgetfusion.diffusion.engine import SLOTS
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.evaluate import Question
from budgetfusion.metrics import BADNESS, Encoder, measure_images
from budgetfusion.panels import Panel, Strip, draw_columns, draw_rows
from budgetfusion.plateau import Suggestion
from budgetfusion.predictor.plot import LABELS, draw_curves
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.shipped import predictor_for
from budgetfusion.steps import KNOTS

ROWS = 6
"""Prompts that the figure of neighbours shows."""

APART = 1.25
"""A neighbour of a step count is the nearest of the knots with at least so many times fewer, or more, steps."""

Pixels = NDArray[np.uint8]
Taken = Mapping[tuple[int, int], Pixels]
"""A prompt's place and a number of steps to the image."""

_ASKS = {"l_snr": "is it sharp?", "d_sim": "is the layout there?", "i_clip": "is the meaning there?"}
_KEY = (
    " Curves: predicted badness at 1 to 129 steps, L-SNR blue, D-SIM red, 1 - I-CLIP green; dotted: the threshold of "
    "each; dots: its plateau."
)


def neighbours(num_steps: int) -> tuple[int, int]:
    """Return the knots next below and above a step count that are clearly fewer and more.

    Args:
        num_steps: At least 2.
    """
    fewer = [knot for knot in KNOTS if knot * APART <= num_steps]
    more = [knot for knot in KNOTS if knot >= num_steps * APART]
    return fewer[-1], more[0] if more else 2 * num_steps


def draw(
    model: Model, question: Question, folder: Path, encoder: Encoder, forced: Path | None = None
) -> Iterator[Path]:
    """Make the images that the figures show, with the question's first seed, and draw both figures.

    Args:
        model: The diffusion model.
        question: Whose budgets are shown.
        folder: Receives `sufficiency.png` and `neighbours.png`.
        encoder: The features of the metrics.
        forced: The predictor, if it is not the shipped one; where it is not the budgets', no curves are drawn.

    Yields:
        Where each figure is.
    """
    budgets, reference = question.budgets, question.references[0]
    below = {(k, m): _below(budget, m) for k, budget in enumerate(budgets) for m in BADNESS}
    shown = spread(budgets, ROWS)
    wanted = {(k, n) for (k, _), pair in below.items() for n in pair} | {(k, reference) for k in range(len(budgets))}
    wanted |= {(k, n) for k in shown for n in (*neighbours(budgets[k].num_steps), budgets[k].num_steps)}
    taken = _take(model, budgets, question.seeds[0], sorted(wanted))
    path = folder / "sufficiency.png"
    note = (
        f"Each column shows the one of {len(budgets)} prompts whose metric changes most from below to at its own "
        f"plateau; lower is better. D-SIM and I-CLIP compare with {reference} steps. Seed {question.seeds[0]}."
    )
    strips = list(_sufficiency(budgets, below, taken, reference, encoder))
    draw_columns(path, strips, ("below the plateau", "at the plateau"), note)
    yield path
    path, predicted = folder / "neighbours.png", _predicted(model, budgets, forced)
    note = (
        f"Clearly fewer, suggested and clearly more steps, with D-SIM to the image of the suggested ones. {len(shown)} "
        f"of {len(budgets)} prompts, spread over t*. Seed {question.seeds[0]}."
    )
    draw_rows(path, list(_neighbours(budgets, shown, taken, predicted, encoder)), note + (_KEY if predicted else ""))
    yield path


def spread(budgets: Sequence[Budget], count: int) -> list[int]:
    """Return the places of some prompts, by steps, from the fewest to the most and evenly between."""
    by_steps = sorted(range(len(budgets)), key=lambda k: budgets[k].num_steps)
    if len(by_steps) <= count:
        return by_steps
    return [by_steps[k] for k in np.linspace(0, len(by_steps) - 1, count).round().astype(int)]


def _below(budget: Budget, metric: str) -> tuple[int, int]:
    """Return the steps below a metric's plateau, and the plateau; a budget without plateaus has its steps."""
    at = max(2, getattr(budget, f"t_{metric}") or budget.num_steps)
    return neighbours(at)[0], at


def _take(model: Model, budgets: Sequence[Budget], seed: int, wanted: Sequence[tuple[int, int]]) -> Taken:
    prompts = [budgets[k].prompt for k, _ in wanted]
    made = in_slots(model, SLOTS, prompts, [seed] * len(wanted), [n for _, n in wanted], share=True)
    return dict(zip(wanted, made, strict=True))


def _predicted(
    model: Model, budgets: Sequence[Budget], forced: Path | None
) -> tuple[NDArray[np.float64], list[Suggestion]] | None:
    """Return the curves and suggestions that the budgets come from, or none if they are another predictor's."""
    if forced is None and budgets[0].predictor_digest is None:
        return None
    predictor: Predictor = predictor_for(model, forced)
    if {budget.predictor_digest for budget in budgets} != {predictor.digest}:
        return None
    text = encode_text(model.pipe, [budget.prompt for budget in budgets])
    return predictor.predict(text), predictor.suggest(text)


def _changes(
    metric: str, below: Mapping[tuple[int, str], tuple[int, int]], taken: Taken, reference: int, encoder: Encoder
) -> NDArray[np.float64]:
    """Return how bad each prompt's images are below and at the plateau of a metric, shape (prompts, 2)."""
    places = [k for k, name in below if name == metric]
    found = []
    for k in places:
        pair = np.stack([taken[k, n] for n in below[k, metric]])
        found.append(BADNESS[metric](measure_images(pair, taken[k, reference], encoder)[metric]))
    return np.array(found)


def _sufficiency(
    budgets: Sequence[Budget],
    below: Mapping[tuple[int, str], tuple[int, int]],
    taken: Taken,
    reference: int,
    encoder: Encoder,
) -> Iterator[Strip]:
    """Yield a strip for each metric: below and at its plateau, for the prompt where it changes most."""
    for metric, asks in _ASKS.items():
        changes = _changes(metric, below, taken, reference, encoder)
        gains = changes[:, 0] - changes[:, 1]
        k = int(gains.argmax())
        title = [
            f"{LABELS[metric]}: {asks}",
            f"falls by {gains[k]:.3f} here, by {np.median(gains):.3f} in the median",
            *textwrap.wrap(f"“{budgets[k].prompt}”", 46)[:2],
        ]
        panels = [
            Panel(taken[k, num_steps], f"{num_steps} steps · {LABELS[metric]} {changes[k, row]:.3f}")
            for row, num_steps in enumerate(below[k, metric])
        ]
        yield Strip("\n".join(title), tuple(panels))


def _neighbours(
    budgets: Sequence[Budget],
    shown: Sequence[int],
    taken: Taken,
    predicted: tuple[NDArray[np.float64], list[Suggestion]] | None,
    encoder: Encoder,
) -> Iterator[Strip]:
    """Yield a strip for each prompt: fewer, suggested and more steps, and its curves where they are known."""
    for k in shown:
        at = budgets[k].num_steps
        fewer, more = neighbours(at)
        images = np.stack([taken[k, n] for n in (fewer, more)])
        far = measure_images(images, taken[k, at], encoder)["d_sim"]
        panels = (
            Panel(taken[k, fewer], f"{fewer} steps · D-SIM {far[0]:.3f}"),
            Panel(taken[k, at], f"t* = {at} steps"),
            Panel(taken[k, more], f"{more} steps · D-SIM {far[1]:.3f}"),
        )
        yield Strip(f"“{budgets[k].prompt}”", panels, partial(_curves, k, predicted) if predicted else None)


def _curves(k: int, predicted: tuple[NDArray[np.float64], list[Suggestion]], axes: Any) -> None:
    draw_curves(axes, predicted[0][k], predicted[1][k])

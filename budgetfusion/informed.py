"""Rules that keep to OURS' total and know what its plateaus do not: whole curves, or another method's opinion."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from budgetfusion.allocate import dealt
from budgetfusion.budgets import Budget
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.metrics import BADNESS
from budgetfusion.plateau import suggest
from budgetfusion.predictor.shipped import predictor_for
from budgetfusion.predictor.training import curves
from budgetfusion.rules import Allocation, chance
from budgetfusion.splitting import quality, split
from budgetfusion.stepsaver.comparison import labels
from budgetfusion.stepsaver.labelling import SIMILARITY
from budgetfusion.stepsaver.recommender import Recommender, RecommenderConfig, bag_of_words

Row = dict[str, Any]
Numbers = NDArray[np.float64]

LABELS = "first-decline"
"""The rule by which StepSaver-R's labels are read off similarities, as in the paper's text."""


def by_predictions(model: Model, budgets: Sequence[Budget], forced: Path | None = None) -> Allocation:
    """Return SPLIT, OURS' total split so that predicted quality is best: it knows the text and no more, as OURS does.

    Args:
        model: Whose text encoder is asked.
        budgets: OURS'.
        forced: As for `predictor_for`.
    """
    predictor = predictor_for(model, forced)
    curves_of = predictor.predict(encode_text(model.pipe, [budget.prompt for budget in budgets]))
    worth = quality({name: curves_of[:, k] for k, name in enumerate(predictor.network.config.metrics)})
    return Allocation("SPLIT", 0, split(worth, int(_steps(budgets).sum())))


def by_measurements(budgets: Sequence[Budget], table: Path, seed: int = 0) -> list[Allocation]:
    """Return BY-MEASURED, OURS' budgets dealt by measured t*, and ORACLE, OURS' total split best on measured curves.

    Both know the curves, averaged over the seeds in the table, so no prediction is expected to reach them.

    Args:
        budgets: OURS'.
        table: Measurements of their prompts.
        seed: Of the chance by which prompts of equal t* are dealt.

    Raises:
        FileContentError: If a prompt was not measured with the budgets' model.
        IncompleteMeasurementsError: If a prompt lacks a knot.
    """
    ours = _steps(budgets)
    measured = _measured(budgets, table)
    badness = {name: BADNESS[name](values) for name, values in measured.items()}
    steps = [suggest({name: values[k] for name, values in badness.items()}).num_steps for k in range(len(ours))]
    best = split(quality(measured), int(ours.sum()))
    return [
        Allocation("BY-MEASURED", 0, dealt(ours, steps, chance("BY-MEASURED", seed))),
        Allocation("ORACLE", 0, best),
    ]


def by_similarities(budgets: Sequence[Budget], table: Path, seed: int = 0) -> Allocation:
    """Return STEPSAVER-R: OURS' budgets dealt by what the reconstruction recommends from the words of the prompts.

    Args:
        budgets: OURS'.
        table: Similarities of other prompts, to learn from; those of the asked ones are left out.
        seed: Of the training, and of the chance by which prompts of equal recommendation are dealt.

    Raises:
        FileContentError: If no other prompt is labelled.
    """
    asked = [budget.prompt for budget in budgets]
    rows = [row for row in read_table(table, SIMILARITY) if row["prompt"] not in set(asked)]
    if not rows:
        remedy = "Run `budgetfusion stepsaver label` on prompts to learn from."
        raise FileContentError(table, "no prompt beside those asked", "prompts to learn from", remedy)
    recommender = Recommender(bag_of_words, rows[0]["grid"], RecommenderConfig(seed=seed))
    recommended = recommender.fit([row["prompt"] for row in rows], labels(rows, LABELS).tolist()).recommend(asked)
    return Allocation("STEPSAVER-R", 0, dealt(_steps(budgets), recommended.tolist(), chance("STEPSAVER-R", seed)))


def _steps(budgets: Sequence[Budget]) -> NDArray[np.int64]:
    return np.array([budget.num_steps for budget in budgets], dtype=np.int64)


def _measured(budgets: Sequence[Budget], table: Path) -> dict[str, Numbers]:
    """Return metric -> curves of the budgets' prompts, in their order, shape (prompts, 129)."""
    digests = {budget.model_digest for budget in budgets}
    asked = {budget.prompt for budget in budgets}
    rows = [r for r in read_table(table, MEASUREMENT) if r["prompt"] in asked and r["config_digest"] in digests]
    prompts, found = curves(rows, tuple(BADNESS)) if rows else ([], np.empty((0, len(BADNESS), 1)))
    if lacking := [budget.prompt for budget in budgets if budget.prompt not in prompts]:
        remedy = "Run `budgetfusion measure` on them, or leave them out."
        raise FileContentError(table, f"no curves of {len(lacking)} prompt(s), '{lacking[0]}' first", "some", remedy)
    order = [prompts.index(budget.prompt) for budget in budgets]
    return {name: found[order, k] for k, name in enumerate(BADNESS)}

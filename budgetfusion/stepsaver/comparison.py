"""StepSaver-R's recommenders beside the median and beside our predictor, on the same held-out prompts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.predictor.shipped import predictor_for
from budgetfusion.predictor.table1 import Split
from budgetfusion.stepsaver.labelling import similarities
from budgetfusion.stepsaver.labels import RULES
from budgetfusion.stepsaver.recommender import Head, Recommender, RecommenderConfig, bag_of_words, distilbert, judge

Row = dict[str, Any]
Steps = NDArray[np.int64]


def compared(
    rows: Sequence[Row],
    rule: str,
    backend: str,
    held_out: Sequence[str] | None,
    model: Model,
    predictor: Path | None = None,
) -> list[str]:
    """Return one line for each way to choose steps, judged by the labels of a rule.

    Ours was trained for another question (where perceived quality settles, with Euler), so its line says how far the
    two answers lie apart, and not how good it is.

    Args:
        rows: Of the similarity table.
        rule: One of `RULES`.
        backend: 'bag-of-words', or a DistilBERT.
        held_out: As for `Split.of`.
        model: Whose text encoder our predictor hears.
        predictor: Ours, if it is not the shipped one.
    """
    split = Split.of(rows, held_out)
    grid = tuple(rows[0]["grid"])
    learned, asked = ([row["prompt"] for row in side] for side in (split.train, split.test))
    known, truth = (labels(side, rule) for side in (split.train, split.test))
    features = bag_of_words if backend == "bag-of-words" else distilbert(backend)
    found = {"median": np.full(len(asked), _median(known), dtype=np.int64)}
    for head in get_args(Head):
        config = RecommenderConfig(head=head)
        found[f"StepSaver-R, {head}"] = (
            Recommender(features, grid, config).fit(learned, known.tolist()).recommend(asked)
        )
    suggested = predictor_for(model, predictor).suggest(encode_text(model.pipe, asked))
    found["ours (another question)"] = np.array([one.num_steps for one in suggested], dtype=np.int64)
    return [_head(rule, len(learned), len(asked)), *(_line(name, of, truth, grid) for name, of in found.items())]


def labels(rows: Sequence[Row], rule: str) -> Steps:
    """Return the step count of each row of the similarity table by one of `RULES`, shape (rows,)."""
    return np.array([RULES[rule](similarities(row)).num_steps for row in rows], dtype=np.int64)


def _median(labels: Steps) -> int:
    """Return the upper median, a label itself."""
    return int(np.sort(labels)[len(labels) // 2])


def _head(rule: str, learned: int, asked: int) -> str:
    title = f"{rule}: {asked} held-out, {learned} learned"
    return f"{title:<44}{'mean steps':>12}{'MAE, steps':>12}{'within 1 bin':>14}{'too few':>10}"


def _line(name: str, steps: Steps, truth: Steps, grid: Sequence[int]) -> str:
    found = judge(steps, truth, grid)
    shares = f"{100 * found.within_one_bin:>12.0f} %{100 * found.too_few:>8.0f} %"
    return f"{name:<44}{steps.mean():>12.1f}{found.mae:>12.1f}{shares}"

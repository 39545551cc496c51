"""How sure t* is: quantiles of measured over predicted."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from budgetfusion.errors import FileContentError
from budgetfusion.predictor.perceptron import PerceptronConfig
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.spread import cross_fitted, measured_steps, ratio_at, scaled
from budgetfusion.predictor.training import TrainingConfig

World = Callable[..., list[dict[str, Any]]]


def encode(prompts: Sequence[str]) -> np.ndarray:
    """Return a text embedding of eight numbers for each prompt."""
    return np.stack([np.random.default_rng(len(p) * 100 + ord(p[-1])).normal(size=8) for p in prompts]).astype("f4")


def test_a_prompt_is_never_predicted_by_a_fit_that_saw_it(world: World) -> None:
    """Residuals of what was learned would promise more than new prompts can keep."""
    rows, asked_of = world(9), []

    def suggested(known: Sequence[dict[str, Any]], asked: Sequence[str]) -> list[int]:
        asked_of.extend(asked)
        assert not {row["prompt"] for row in known} & set(asked)
        return [10] * len(asked)

    cross_fitted(rows, suggested, folds=3, seed=0)

    assert sorted(asked_of) == sorted({row["prompt"] for row in rows})


def test_a_predictor_that_is_right_but_for_the_seeds_has_their_spread(world: World) -> None:
    """With the mean's t* as the prediction, the ratios lie around one, and the highest is that of a slow seed."""
    rows = world(8, seeds=(0, 4))
    prompts, steps = measured_steps(rows)
    truth = dict(zip(prompts, steps.tolist(), strict=True))

    quantiles = cross_fitted(rows, lambda known, asked: [truth[p] for p in asked], folds=2, seed=0)

    assert (np.diff(quantiles) >= 0).all()
    assert quantiles[0] < 1 < quantiles[-1]


def test_so_many_images_are_covered_as_the_quantile_says(world: World) -> None:
    """Of the very images that the spread came from, at least that share needs no more; rounding up adds a few."""
    rows = world(12, seeds=(0, 3, 6))
    quantiles = cross_fitted(rows, lambda known, asked: [20] * len(asked), folds=3, seed=0)
    needed = np.array([t for seed in (0, 3, 6) for t in measured_steps([r for r in rows if r["seed"] == seed])[1]])

    covered = {level: np.mean(needed <= scaled(20, ratio_at(quantiles, level))) for level in (0.25, 0.5, 0.9)}

    assert all(level <= share <= level + 0.15 for level, share in covered.items())


def test_a_larger_quantile_never_gives_fewer_steps(world: World) -> None:
    """And the steps stay between 2 and 129."""
    config = PerceptronConfig(8, hidden=4)
    fitted = Predictor.fit(world(6), encode, network=config, training=TrainingConfig(epochs=1))
    predictor = fitted.knowing(spread=np.linspace(0.1, 9, 101).tolist())
    text = encode(["prompt 1"])

    steps = [predictor.suggest(text, level)[0].num_steps for level in (0.05, 0.5, 0.95)]

    assert steps == sorted(steps)
    assert 2 <= steps[0] <= steps[-1] <= 129


def test_a_quantile_without_a_spread_is_refused(world: World) -> None:
    """An older predictor says how to get one."""
    config = PerceptronConfig(8, hidden=4)
    predictor = Predictor.fit(world(2), encode, network=config, training=TrainingConfig(epochs=1))

    with pytest.raises(FileContentError, match=r"found no spread of t\*, expected one\. Run `budgetfusion train"):
        predictor.suggest(encode(["prompt 1"]), 0.9)

"""Recommenders on prompts whose label is in their words."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from budgetfusion.errors import ModelUnavailableError
from budgetfusion.stepsaver.labels import GRID
from budgetfusion.stepsaver.recommender import Head, Recommender, RecommenderConfig, bag_of_words, distilbert, judge

WORDS = {"plain": 15, "busy": 40, "crowded": 80}


def told(count: int, seed: int) -> tuple[list[str], list[int]]:
    """Return prompts of filler words and one telling word, and their labels."""
    rng = np.random.default_rng(seed)
    keys = rng.choice(list(WORDS), count)
    prompts = [f"a {rng.choice(['red', 'blue', 'green'])} {key} {rng.choice(['field', 'park'])}" for key in keys]
    return prompts, [WORDS[key] for key in keys]


@pytest.mark.parametrize("head", get_args(Head))
def test_a_recommender_hears_the_telling_word(head: Head) -> None:
    """Far better than the median on prompts that it did not learn."""
    prompts, labels = told(200, 0)
    asked, truth = told(60, 1)

    found = Recommender(bag_of_words, GRID, RecommenderConfig(head=head)).fit(prompts, labels).recommend(asked)

    assert set(found.tolist()) <= set(GRID)
    mae = judge(found, np.array(truth), GRID).mae
    assert mae < 0.4 * judge(np.full(60, 40), np.array(truth), GRID).mae


@pytest.mark.parametrize("head", get_args(Head))
def test_fitting_is_reproducible(head: Head) -> None:
    """The same labels and seed give the same recommendations."""
    prompts, labels = told(40, 0)
    config = RecommenderConfig(head=head, epochs=3)

    first, second = (Recommender(bag_of_words, GRID, config).fit(prompts, labels).recommend(prompts) for _ in range(2))

    assert (first == second).all()


def test_one_label_for_all_is_learned_at_once() -> None:
    """A head starts at what the labels say without any text."""
    config = RecommenderConfig(head="huber", epochs=1)

    found = Recommender(bag_of_words, GRID, config).fit(["a", "b"], [35, 35]).recommend(["c"])

    assert found.tolist() == [35]


def test_judging_counts_steps_bins_and_shortfalls() -> None:
    """By hand: off by 0, 5, 10 and -30 steps."""
    found = judge(np.array([20, 25, 30, 70]), np.array([20, 20, 20, 100]), GRID)

    assert (found.mae, found.within_one_bin, found.too_few) == (45 / 4, 0.5, 0.25)


def test_a_distilbert_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Said before anything is learned; the offline backend needs no weights."""
    with pytest.raises(ModelUnavailableError, match="cannot be loaded"):
        distilbert(str(tmp_path / "nothing"), local_only=True)

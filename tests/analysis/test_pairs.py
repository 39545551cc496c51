"""Paired comparisons: counted once, never a choice of something that was not shown."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NoChoicesError, PairsError
from analysis.pairs import decided, pairs_of, pairs_of_counts


def choices(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """Return choices of participant, left, right and chosen."""
    return pd.DataFrame(rows, columns=["participant", "left_condition", "right_condition", "chosen"])


def test_choices_are_counted_by_participant_and_side() -> None:
    """The same pair with sides swapped stays apart, so that a position effect can be seen."""
    pairs = pairs_of(choices(("p", "B", "A", "B"), ("p", "B", "A", "A"), ("p", "A", "B", "A"), ("q", "A", "B", "B")))

    assert pairs.conditions == ("A", "B")
    assert list(zip(pairs.first, pairs.second, pairs.wins, pairs.n, strict=True)) == [
        (0, 1, 1, 1),
        (1, 0, 1, 2),
        (0, 1, 0, 1),
    ]
    assert (pairs.n_participants, pairs.n_choices) == (2, 4)


def test_the_matrix_counts_every_choice() -> None:
    """wins[i, j] is how often i was chosen over j, whatever the side."""
    pairs = pairs_of(choices(("p", "B", "A", "B"), ("p", "A", "B", "B"), ("p", "A", "B", "A")))

    assert pairs.matrix().tolist() == [[0, 1], [2, 0]]


def test_ties_and_other_purposes_are_left_out() -> None:
    """Only decided main trials are comparisons."""
    frame = choices(("p", "A", "B", "A"), ("p", "A", "B", None), ("p", "A", "B", "B"))

    assert len(decided(frame.assign(purpose=["main", "main", "catch"]))) == 1


@pytest.mark.parametrize("rows", [[], [("p", "A", "B", None)]])
def test_nothing_decided_is_an_error(rows: list[tuple[str, str, str, None]]) -> None:
    """An empty table, or one of ties alone, is not analysed."""
    with pytest.raises(NoChoicesError, match="decided comparison"):
        pairs_of(choices(*rows))


@pytest.mark.parametrize("row", [("p", "A", "A", "A"), ("p", "A", "B", "C")])
def test_an_impossible_choice_is_named(row: tuple[str, str, str, str]) -> None:
    """A condition beside itself, or the choice of a third, is an error with its row."""
    with pytest.raises(PairsError, match="row 2, where no one of two conditions was chosen"):
        pairs_of(choices(("p", "A", "B", "A"), row))


def test_a_missing_condition_is_an_error() -> None:
    """NaN is not a condition."""
    with pytest.raises(PairsError, match="without the name of a condition"):
        pairs_of(choices(("p", "A", None, "A")))  # type: ignore[arg-type]  # what a broken table holds


@pytest.mark.parametrize("wins", [-1.0, 11.0, np.nan])
def test_impossible_counts_are_an_error(wins: float) -> None:
    """More wins than showings, fewer than none, or NaN, is an error."""
    with pytest.raises(PairsError, match="counts"):
        pairs_of_counts(pd.Series(["A"]), pd.Series(["B"]), pd.Series([wins]), pd.Series([10]))

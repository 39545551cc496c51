"""What the benchmark of the embedded model asks of a caption, and how it reads steps off curves."""

import numpy as np
import pytest

from benchmarks.scenes import Steps, answers_of, steps_to_share
from budgetfusion.scenes.attributes import Config, Seen
from budgetfusion.scenes.grammar import RELATIONS, Group, Scene
from budgetfusion.steps import KNOTS

NAMES = Config(backgrounds=("wall", "park"), shapes=("ball", "box"), colours=("red", "blue"))
TWO = Scene(
    *("a red ball to the left of two blue boxes in a park", "park", None),
    (Group(1, "", "red", "ball"), Group(2, "", "blue", "box")),
    RELATIONS["to the left of"],
)


def _seen(left: int, right: int, background: int = 1, count: int = 3) -> Seen:
    """Return what a judge may say of one picture: a class in its left half, one in its right, for shape and colour."""
    places = np.zeros((1, 3, 16, 16), dtype=np.float32)
    places[0, 1 + left, :, :8], places[0, 1 + right, :, 8:] = 1, 1
    one = np.eye(10, dtype=np.float32)
    empty = np.zeros((1, 2), dtype=np.float32)
    return Seen(empty, one[None, background, :2], empty, empty, one[None, count], places, places)


def test_a_right_picture_is_right_in_everything() -> None:
    """The red ball is on the left, as its caption says."""
    assert answers_of(_seen(left=0, right=1), [TWO], NAMES) == {
        "background": {0: True},
        "main colour": {0: True},
        "main shape": {0: True},
        "count within one": {0: True},
    }


def test_the_first_named_group_is_looked_for_in_its_own_region() -> None:
    """Sides swapped are a wrong shape and a wrong colour."""
    answers = answers_of(_seen(left=1, right=0), [TWO], NAMES)

    assert (answers["main shape"], answers["main colour"]) == ({0: False}, {0: False})


@pytest.mark.parametrize(("count", "right"), [(1, False), (2, True), (4, True), (5, False)])
def test_a_count_may_be_wrong_by_one(count: int, right: bool) -> None:
    """Of three objects."""
    assert answers_of(_seen(0, 1, count=count), [TWO], NAMES)["count within one"] == {0: right}


def test_a_caption_is_asked_only_about_what_it_says() -> None:
    """One without a place has no background, an empty scene no object, a crowd no colour and no count."""
    silent = Scene("a red ball and a blue box", "wall", "grey", TWO.groups, TWO.regions)
    empty = Scene("an empty park", "park", None)
    crowd = Scene("a park full of boxes", "park", None, (Group(1, "", None, "box"),), crowd=12)
    parts = [_seen(1, 1) for _ in range(3)]
    seen = Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in Seen.__dataclass_fields__))

    assert answers_of(seen, [silent, empty, crowd], NAMES) == {
        "background": {1: True, 2: True},
        "main colour": {0: False},
        "main shape": {0: False, 2: True},
        "count within one": {0: True},
    }


def test_steps_count_from_where_a_curve_stays() -> None:
    """A curve that falls below the share again has not reached it; one that is always there takes one step."""
    constant = np.ones(len(KNOTS))
    late = np.where(np.array(KNOTS) < 33, 0.5, 1.0)
    again = np.where(np.array(KNOTS) == 9, 0.5, 1.0)

    assert steps_to_share(np.stack([constant, late, again]), share=0.95).tolist() == [1, 33, 17]


def test_the_mean_of_one_caption_is_no_number() -> None:
    """Its error is unknown, and a figure that is no number does not hold."""
    assert np.isnan([Steps.of([5.0]).mean, Steps.of([5.0]).error]).all()
    assert Steps.of([4.0, 6.0]) == Steps(5.0, 1.0)

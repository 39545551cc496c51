"""Three rules on similarities that can be read by hand."""

import numpy as np
import pytest

from budgetfusion.stepsaver.labels import GRID, RULES, Label, Similarities

STEPS = (10, 20, 30, 40, 50)


def similar(to_next: list[float], to_final: list[float] | None = None) -> Similarities:
    """Return similarities over five step counts."""
    return Similarities(STEPS, np.array(to_next), np.array(to_final or [0.0] * 4 + [1.0]))


def test_the_grid_is_10_to_100_by_5() -> None:
    """Nineteen step counts."""
    assert (GRID[0], GRID[-1], len(GRID)) == (10, 100, 19)


@pytest.mark.parametrize(
    ("to_next", "expected"),
    [
        ([0.5, 0.7, 0.6, 0.8], Label(30, "ok")),  # rises, then falls between the images from 20 and from 30 on
        ([0.7, 0.6, 0.65, 0.5], Label(40, "ok")),  # a fall before any rise decides nothing
        ([0.5, 0.6, 0.599, 0.7], Label(50, "none")),  # a fall of a thousandth is noise
        ([0.5, 0.6, 0.7, 0.8], Label(50, "none")),
    ],
)
def test_the_first_decline_after_a_rise_decides(to_next: list[float], expected: Label) -> None:
    """Where similarity of successive images stops improving; else the last step count, and it is said."""
    assert RULES["first-decline"](similar(to_next)) == expected


@pytest.mark.parametrize(
    ("to_next", "expected"),
    [
        ([0.5, 0.96, 0.97, 0.5], Label(20, "ok")),
        ([0.96, 0.5, 0.96, 0.5], Label(50, "none")),  # never twice in a row
    ],
)
def test_a_plateau_is_two_similar_pairs_in_a_row(to_next: list[float], expected: Label) -> None:
    """One pair alone may be chance."""
    assert RULES["plateau"](similar(to_next)) == expected


def test_to_final_is_the_first_image_like_the_last() -> None:
    """The last image is like itself, which is no finding."""
    assert RULES["to-final"](similar([0.0] * 4, [0.5, 0.94, 0.95, 0.9, 1.0])) == Label(30, "ok")
    assert RULES["to-final"](similar([0.0] * 4, [0.5, 0.6, 0.7, 0.8, 1.0])) == Label(50, "none")

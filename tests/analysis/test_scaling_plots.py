"""Figures of scales, thresholds and power: what is drawn is what the table holds, named with its unit."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis import plots, power_plots, scaling_plots, threshold_plots
from analysis.contrasts import contrasts, places
from analysis.pairs import pairs_of_counts
from analysis.scaling import scale
from analysis.thresholds import Options, thresholds


def words(figure: Figure) -> str:
    """Return every text, title and label on a figure."""
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    labels = [label for axes in figure.axes for label in (axes.get_title("left"), axes.get_xlabel(), axes.get_ylabel())]
    shared = [figure.get_supxlabel(), figure.get_supylabel(), *(text.get_text() for text in figure.texts)]
    return " | ".join([*texts, *labels, *shared])


@pytest.fixture
def found(rng: np.random.Generator) -> object:
    """Thresholds of three prompts and of all."""
    x = np.tile([3.0, 5.0, 9.0, 17.0, 33.0], 60)
    correct = (rng.random(300) < 0.5 + 0.5 / (1 + (x / 9) ** 3)).astype(int)
    frame = pd.DataFrame({"participant": np.arange(300) // 25, "prompt": np.arange(300) // 5 % 3, "x": x})
    return thresholds(frame.assign(correct=correct), "prompt", Options(replicates=60))


def three() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return places and contrasts of three conditions."""
    columns = (["A", "A", "B"], ["B", "C", "C"], [70, 85, 52], [100, 100, 100])
    first, second, wins, n = (pd.Series(column) for column in columns)
    made = scale(pairs_of_counts(first, second, wins, n))
    return places(made), contrasts(made)


def test_places_have_a_panel_for_each_scale() -> None:
    """Two scales, two titles, one axis in JND; the data are the tables."""
    table = three()[0]
    figure, data = scaling_plots.places({"one": table, "two": table})

    assert len(figure.axes) == 2
    assert "JND from the mean (with 95 % quasi interval)" in words(figure)
    assert data.groupby("group").size().to_dict() == {"one": 3, "two": 3}


def test_the_triangle_has_a_cell_for_each_pair() -> None:
    """Three pairs, their differences in JND, and how many hold."""
    table, pairs = three()
    figure, data = scaling_plots.triangle(table["condition"].tolist(), pairs)

    assert len(figure.axes[0].patches) == 3
    assert f"shaded: {int(pairs['differs'].sum())} of 3 pairs" in words(figure)
    pd.testing.assert_frame_equal(data, pairs)


def test_screening_names_the_limit() -> None:
    """The customary limit stands on the plot, each participant on the axis."""
    table = pd.DataFrame({"participant": ["p", "q"], "score": [2.0, 0.1]})
    figure, _ = scaling_plots.screening(table)

    assert "deserves a look" in words(figure)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["p", "q"]


def test_the_curve_says_n_and_the_threshold(found: threshold_plots.Thresholds) -> None:
    """Threshold with interval, participants and choices, guessing line."""
    figure, data = threshold_plots.curve(found, "denoising steps")

    for part in ("threshold", "12 participants\n300 choices", "guessing", "denoising steps", "reference chosen, %"):
        assert part in words(figure)
    assert data["n"].sum() == 300


def test_panels_and_caterpillar_show_every_group(found: threshold_plots.Thresholds) -> None:
    """Three prompts each, and the line of all."""
    panels, points = threshold_plots.panels(found, "denoising steps")
    caterpillar, rows = threshold_plots.caterpillar(found, "denoising steps")

    assert sum(axes.get_visible() for axes in panels.axes) == points["group"].nunique() == 3
    assert len(rows) == 3
    assert rows["threshold"].is_monotonic_increasing
    assert "all" in words(caterpillar)


def test_contours_mark_the_cheapest(tmp_path: Path) -> None:
    """The cheapest size that reaches the target is named; the figure can be saved."""
    people, trials = np.meshgrid([10, 20, 40], [20, 40, 80], indexing="ij")
    table = pd.DataFrame({"participants": people.ravel(), "trials": trials.ravel()})
    table["power"] = np.clip(table["participants"] * table["trials"] ** 0.5 / 200, 0, 1)
    table["cost"] = table["participants"] * (4 + table["trials"] / 8)
    figure, _ = power_plots.contours(table, 0.9)
    plots.save(figure, tmp_path / "power.svg")

    assert "cheapest: 40 × 40" in words(figure)
    assert "£" in (tmp_path / "power.svg").read_text(encoding="utf-8")


def test_a_grid_lies_around_a_size() -> None:
    """Sizes on both sides of the one that suffices, never more trials than prompts."""
    people, trials = power_plots.sizes(30, 50, 60)

    assert min(people) < 30 < max(people)
    assert max(trials) <= 60

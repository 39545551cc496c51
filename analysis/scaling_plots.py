"""Figures of scales: where conditions lie, which differ, and who chose unlike the others."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from analysis.plots import BLACK, BLUE, GREY, ONE_COLUMN, TWO_COLUMNS, VERMILION, Drawn, style
from analysis.rounding import number
from analysis.screening import CUSTOMARY

NOT_TOLD, TOLD_APART = "#ffffff", "#b9d7ea"
COLUMNS = 3


def places(scales: Mapping[str, pd.DataFrame], level: float = 0.95) -> Drawn:
    """Draw the places of all conditions, one panel for each scale, with quasi intervals.

    Args:
        scales: Results of `contrasts.places` by the name of their group; the first orders the conditions of all.
        level: Of the intervals.

    Returns:
        The figure, and what it shows: group, and the columns of `contrasts.places`.
    """
    order = next(iter(scales.values()))["condition"].tolist()
    columns = min(COLUMNS, len(scales))
    rows = -(-len(scales) // columns)
    with style():
        width = ONE_COLUMN if columns == 1 else TWO_COLUMNS
        figure = Figure(figsize=(width, rows * (0.75 + 0.19 * len(order))), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, (name, table) in zip(grid, scales.items(), strict=False):
            _dots(axes, table.set_index("condition").reindex(order))
            axes.set_title(name)
        for axes in grid[len(scales) :]:
            axes.set_visible(False)
        grid[0].set_yticks(range(len(order)), order)
        grid[0].set_ylim(len(order) - 0.5, -0.5)
        figure.supxlabel(f"quality, JND from the mean (with {100 * level:g} % quasi interval)", fontsize=8)
    return figure, pd.concat([table.assign(group=name) for name, table in scales.items()], ignore_index=True)


def triangle(order: list[str], contrasts: pd.DataFrame) -> Drawn:
    """Draw every pair of conditions as a cell below the two: its difference, and whether it holds after Holm.

    Args:
        order: Conditions, best first.
        contrasts: Result of `contrasts.contrasts`.

    Returns:
        The figure, and the contrasts.
    """
    count, rank = len(order), {name: place for place, name in enumerate(order)}
    with style():
        side = min(TWO_COLUMNS, max(ONE_COLUMN, 0.82 * count))
        figure = Figure(figsize=(side, 0.62 * side + 0.3), layout="constrained")
        axes = figure.add_subplot()
        for row in contrasts.itertuples():
            left, right = sorted((rank[row.first], rank[row.second]))
            _cell(axes, (left + right) / 2, (left - right) / 2, bool(row.differs), number(row.difference, row.se))
        for name, place in rank.items():
            axes.text(place, 0.08, name, ha="left", va="bottom", rotation=30, rotation_mode="anchor")
        axes.set(xlim=(-0.6, count + 0.2), ylim=(-count / 2 - 0.15, 0.75), aspect="equal")
        axes.set_axis_off()
        told, pairs = int(contrasts["differs"].sum()), len(contrasts)
        legend = f"numbers: JND between two\nshaded: {told} of {pairs} pairs differ (Holm)"
        figure.supxlabel(legend, fontsize=8, color=BLACK)
    return figure, contrasts


def screening(table: pd.DataFrame) -> Drawn:
    """Draw each participant's screening score against the customary limit.

    Args:
        table: Result of `screening.screen`.

    Returns:
        The figure, and the table.
    """
    with style():
        figure = Figure(figsize=(ONE_COLUMN, 0.9 + 0.13 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        for place, row in enumerate(table.itertuples()):
            above = row.score > CUSTOMARY
            axes.plot([0, row.score], [place, place], "-", color=VERMILION if above else GREY, linewidth=0.8)
            axes.plot(row.score, place, "D" if above else "o", color=VERMILION if above else BLUE, markersize=4)
        axes.axvline(CUSTOMARY, color=BLACK, linestyle="--", linewidth=0.8)
        axes.text(CUSTOMARY, 1.01, "deserves a look", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
        axes.set_yticks(range(len(table)), table["participant"])
        axes.set(ylim=(len(table) - 0.5, -0.5), xlabel="score: interquartile ranges below\nthe first quartile")
        axes.set_xlim(-0.1, 1.08 * max(2.0, float(table["score"].max())))
    return figure, table


def _dots(axes: Axes, table: pd.DataFrame) -> None:
    for place, row in enumerate(table.itertuples()):
        axes.plot([row.low, row.high], [place, place], "-", color=BLUE)
        axes.plot([row.jnd], [place], "o", color=BLUE, markersize=4)
    axes.axvline(0, color=GREY, linestyle="--", linewidth=0.8)
    axes.xaxis.grid(visible=True)


def _cell(axes: Axes, x: float, y: float, differs: bool, words: str) -> None:
    corners = np.array([[x, y + 0.5], [x + 0.5, y], [x, y - 0.5], [x - 0.5, y]])
    axes.add_patch(Polygon(corners, facecolor=TOLD_APART if differs else NOT_TOLD, edgecolor=GREY, linewidth=0.6))
    axes.text(x, y, words, ha="center", va="center", fontsize=7, fontweight="bold" if differs else "normal")

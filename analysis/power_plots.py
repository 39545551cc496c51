"""The figure of planning: which sizes reach which power, and what they cost."""

import numpy as np
import pandas as pd
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

from analysis.plots import BLACK, BLUE, CLEAR, ONE_COLUMN, ORANGE, Drawn, style

LEVELS = (0.5, 0.8, 0.9, 0.95)


def contours(table: pd.DataFrame, target: float) -> Drawn:
    """Draw lines of equal power over participants and trials, and lines of equal cost.

    Args:
        table: Result of `power.grid`, every combination of its participants and trials.
        target: The power that is wanted; its line is thick, and its cheapest size is marked.

    Returns:
        The figure, and the table.
    """
    power, cost = (table.pivot_table(values=v, index="participants", columns="trials") for v in ("power", "cost"))
    levels = sorted({*LEVELS, target})
    with style():
        figure = Figure(figsize=(1.4 * ONE_COLUMN, 3.2), layout="constrained")
        axes = figure.add_subplot()
        widths = [2.2 if level == target else 1.0 for level in levels]
        lines = axes.contour(power.columns, power.index, power, levels=levels, colors=BLUE, linewidths=widths)
        most, highest = float(power.columns.max()), 0.9 * float(power.index.max())
        names = {level: f"power {100 * level:.0f} %" for level in levels}
        axes.clabel(lines, fmt=names, fontsize=7, manual=_places(lines, 0.55 * most, highest))
        prices = axes.contour(cost.columns, cost.index, cost, levels=5, colors=ORANGE, linewidths=0.8, linestyles="--")
        pounds = {level: f"£{level:,.0f}" for level in prices.levels}
        for label in axes.clabel(
            prices, fmt=pounds, fontsize=7, colors=BLACK, manual=_places(prices, 0.9 * most, highest)
        ):
            label.set_bbox(CLEAR)
        enough = table[table["power"] >= target]
        if len(enough):
            best = enough.loc[enough["cost"].idxmin()]
            axes.plot(best["trials"], best["participants"], "D", color=BLACK, markersize=5, clip_on=False, zorder=5)
            words = (
                f"simulated studies; cheapest: {best['participants']:.0f} × {best['trials']:.0f}, £{best['cost']:,.0f}"
            )
            axes.set_title(words, fontweight="normal")
        axes.set(xlabel="main trials of each participant", ylabel="participants")
    return figure, table


def _places(lines: ContourSet, x: float, highest: float) -> list[tuple[float, float]]:
    """Return the point of each line that is nearest to x and not above `highest`: room for a label."""
    longest = [max(segments, key=len) for segments in lines.allsegs if segments]
    below = [line[line[:, 1] <= highest] for line in longest if len(line)]
    return [tuple(line[np.abs(line[:, 0] - x).argmin()]) for line in below if len(line)]


def sizes(around: int, trials: int, most_trials: int) -> tuple[list[int], list[int]]:
    """Return participants and trials for a grid about a size that suffices."""
    people = np.unique(np.linspace(max(4, around // 4), 2 * around + 4, 9).round().astype(int))
    counts = np.unique(np.linspace(max(5, trials // 5), min(most_trials, 2 * trials), 8).round().astype(int))
    return people.tolist(), counts.tolist()

"""Figures of thresholds: the curve with what was observed, and each group's threshold."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis.plots import BLACK, BLUE, GREY, ONE_COLUMN, TWO_COLUMNS, VERMILION, Drawn, style
from analysis.rounding import number, span
from analysis.thresholds import EVERYTHING, Thresholds

MOST_PANELS, COLUMNS = 12, 4


def curve(found: Thresholds, x_name: str, group: str = EVERYTHING) -> Drawn:
    """Draw one group's psychometric function, its observed rates and its threshold.

    Args:
        found: Result of `thresholds.thresholds`.
        x_name: What the levels are, with their unit.
        group: Which one.

    Returns:
        The figure, and the observed rates with the curve at them.
    """
    with style():
        figure = Figure(figsize=(ONE_COLUMN, 2.6), layout="constrained")
        axes = figure.add_subplot()
        row = found.table.set_index("group").loc[group]
        _curve_on(axes, found, group)
        if found.options.guess:
            x = float(found.points["x"].min())
            axes.text(x, 100 * found.options.guess - 0.5, "guessing", va="top", color=BLACK, fontsize=7)
        if np.isfinite(row["threshold"]):
            words = (
                f"threshold {number(row['threshold'], (row['high'] - row['low']) / 2)} {span(row['low'], row['high'])}"
            )
            axes.set_title(words, fontweight="normal")
        axes.set(xlabel=x_name, ylabel="reference chosen, %" if found.options.guess else "chosen, %")
        words = f"{row['n_participants']} participants\n{row['n_choices']} choices"
        falling = found.points.loc[found.points["group"] == group, "rate"]
        ends_high = falling.iloc[-1] > falling.iloc[0]
        place = 0.03 if ends_high else 0.97
        axes.text(place, 0.97, words, transform=axes.transAxes, va="top", ha="left" if ends_high else "right")
    return figure, found.points[found.points["group"] == group]


def panels(found: Thresholds, x_name: str) -> Drawn:
    """Draw up to twelve groups' functions as small multiples on the same axes.

    Returns:
        The figure, and the observed rates of the groups drawn.
    """
    names = found.table["group"][found.table["group"] != EVERYTHING].tolist()[:MOST_PANELS]
    rows = -(-len(names) // COLUMNS)
    with style():
        figure = Figure(figsize=(TWO_COLUMNS, 0.5 + 1.35 * rows), layout="constrained")
        grid = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
        for axes, name in zip(grid, names, strict=False):
            _curve_on(axes, found, name)
            axes.set_title(_short(name, 26), fontsize=7, fontweight="normal")
        for place, axes in enumerate(grid):
            axes.set_visible(place < len(names))
            axes.tick_params(labelbottom=place + COLUMNS >= len(names))
        figure.supxlabel(x_name, fontsize=8)
        figure.supylabel("reference chosen, %" if found.options.guess else "chosen, %", fontsize=8)
    return figure, found.points[found.points["group"].isin(names)]


def caterpillar(found: Thresholds, x_name: str) -> Drawn:
    """Draw the threshold of every group with its interval, lowest first; untrustworthy ones are hollow.

    Returns:
        The figure, and the rows of the table that it shows.
    """
    rows = found.table[(found.table["group"] != EVERYTHING) & np.isfinite(found.table["threshold"])]
    rows = rows.sort_values("threshold", kind="stable")
    x = found.points["x"]
    low, high = (x.min() / 1.6, x.max() * 1.6) if found.options.log_x else (x.min(), x.max())
    with style():
        figure = Figure(figsize=(TWO_COLUMNS, 0.9 + 0.17 * len(rows)), layout="constrained")
        axes = figure.add_subplot()
        for place, row in enumerate(rows.itertuples()):
            trusted = row.status == "ok"
            axes.plot(np.clip([row.low, row.high], low, high), [place, place], "-", color=BLUE if trusted else GREY)
            face = BLUE if trusted else "white"
            axes.plot(np.clip(row.threshold, low, high), place, "o", color=BLUE, mfc=face, markersize=4)
        whole = found.table.set_index("group").loc[EVERYTHING]
        axes.axvline(whole["threshold"], color=BLACK, linestyle="--", linewidth=0.8)
        axes.text(whole["threshold"], 1.01, "all", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
        axes.set_yticks(range(len(rows)), [_short(str(name), 44) for name in rows["group"]])
        axes.set(
            ylim=(len(rows) - 0.5, -0.5), xlabel=f"threshold, {x_name} (hollow: not to be trusted, see its status)"
        )
        _levels(axes, found)
        axes.set_xlim(low, high)
    return figure, rows


def _curve_on(axes: Axes, found: Thresholds, group: str) -> None:
    points, band = (table[table["group"] == group] for table in (found.points, found.bands))
    axes.fill_between(band["x"], 100 * band["low"], 100 * band["high"], color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(band["x"], 100 * band["psi"], color=BLUE)
    size = 6 + 40 * points["n"] / max(1.0, float(found.points["n"].max()))
    axes.scatter(points["x"], 100 * points["rate"], s=size, color=BLACK, zorder=3, linewidth=0)
    row, o = found.table.set_index("group").loc[group], found.options
    inside = points["x"].min() <= row["threshold"] <= points["x"].max()
    if inside:
        ends = np.clip([row["low"], row["high"]], points["x"].min(), points["x"].max())
        axes.plot(ends, [100 * o.at] * 2, "-", color=VERMILION, linewidth=2, zorder=4)
        axes.plot(row["threshold"], 100 * o.at, "D", color=VERMILION, markersize=4, zorder=5)
    axes.axhline(100 * o.at, color=GREY, linestyle=":", linewidth=0.8)
    if o.guess:
        axes.axhline(100 * o.guess, color=GREY, linestyle="--", linewidth=0.8)
    lowest = min(100 * o.guess, 100 * float(found.points["rate"].min()))
    axes.set_ylim(max(-3.0, lowest - 6), 103)
    axes.yaxis.grid(visible=True)
    _levels(axes, found)


def _levels(axes: Axes, found: Thresholds) -> None:
    if not found.options.log_x:
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(sorted(found.points["x"].unique())))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"

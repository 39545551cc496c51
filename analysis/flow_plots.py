"""Figures of what was decided about the data: the flow of participants, and the specification curve."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.exclude import Flow
from analysis.plots import BLACK, BLUE, GREY, TWO_COLUMNS, Drawn, style

BOX = {"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": BLACK, "linewidth": 0.8}


def flow(found: Flow, *, width: float = TWO_COLUMNS) -> Drawn:
    """Draw the participants from those found to those analysed, each rule with how many it removed.

    Args:
        found: The flow.
        width: Inches.

    Returns:
        The figure, and its boxes: step, removed, remained.
    """
    rows = [("found", 0, found.found), *((step.rule, step.removed, step.remained) for step in found.steps)]
    data = pd.DataFrame([*rows, ("analysed", 0, len(found.kept))], columns=["step", "removed", "remained"])
    with style():
        figure = Figure(figsize=(width, 0.42 * (len(data) + 0.6)), layout="constrained")
        axes = figure.add_subplot()
        axes.set(xlim=(0, 10), ylim=(-len(data) + 0.4, 0.6))
        axes.axis("off")
        for place, row in enumerate(data.itertuples()):
            is_end = place in (0, len(data) - 1)
            if is_end:
                axes.text(
                    2, -place, f"{row.step}: {row.remained}", ha="center", va="center", bbox=BOX, fontweight="bold"
                )
            else:
                words = f"{row.removed} excluded: {row.step}"
                color = BLACK if row.removed else GREY
                axes.text(3.4, -place, words, ha="left", va="center", bbox=BOX | {"edgecolor": color}, color=color)
                axes.annotate(
                    "", (3.35, -place), (2, -place), arrowprops={"arrowstyle": "->", "color": color, "linewidth": 0.8}
                )
        down = {"arrowstyle": "->", "color": BLACK, "linewidth": 0.8}
        axes.annotate("", (2, -len(data) + 1.35), (2, -0.35), arrowprops=down)
    return figure, data


def specification_curve(
    table: pd.DataFrame, compare: tuple[str, str], *, margin: float, width: float = TWO_COLUMNS
) -> Drawn:
    """Draw the rate under every specification, sorted, above a grid of what each specification is.

    Args:
        table: Result of `specification.specifications`.
        compare: The two conditions.
        margin: Selection rate at the margin of 'not worse', in [0, 1].
        width: Inches.

    Returns:
        The figure, and its dots: those of the table, in percent, with their place.
    """
    data = table.assign(place=np.arange(len(table)), **{name: 100 * table[name] for name in ("rate", "low", "high")})
    names = {part: list(dict.fromkeys(table[part])) for part in ("exclusions", "ties", "estimator")}
    lines = [(part, name) for part in names for name in sorted(names[part]) if part != "ties" or len(names[part]) > 1]
    with style():
        figure = Figure(figsize=(width, 2.2 + 0.17 * len(lines)), layout="constrained")
        top, grid = figure.subplots(2, 1, sharex=True, height_ratios=[1.9, 0.17 * len(lines)])
        for row in data.itertuples():
            color = BLUE if row.declared else GREY
            top.plot([row.place, row.place], [row.low, row.high], "-", color=color, linewidth=2 if row.declared else 1)
            top.plot(
                [row.place], [row.rate], "D" if row.declared else "o", color=color, markersize=4 if row.declared else 3
            )
        top.set_ylabel(f"{compare[0]} over {compare[1]}, %")
        top.axhline(50, color=BLACK, linestyle="--", linewidth=0.8)
        top.text(1.01, 50, "chance", transform=top.get_yaxis_transform(), ha="left", va="center")
        if data["low"].min() < 100 * margin + 8:
            top.axhline(100 * margin, color=BLUE, linestyle="--", linewidth=0.8)
            top.text(1.01, 100 * margin, "margin", transform=top.get_yaxis_transform(), ha="left", va="center")
        top.margins(y=0.08)
        top.yaxis.grid(visible=True)
        _grid(grid, data, lines)
    return figure, data


def _grid(axes: Axes, data: pd.DataFrame, lines: list[tuple[str, str]]) -> None:
    for place, (part, name) in enumerate(lines):
        here = data[data[part] == name]
        axes.plot(data["place"], np.full(len(data), place), "o", color="#dddddd", markersize=2.5)
        colors = [BLUE if declared else BLACK for declared in here["declared"]]
        axes.scatter(here["place"], np.full(len(here), place), s=12, c=colors, zorder=3)
    axes.set_yticks(range(len(lines)), [f"ties: {name}" if part == "ties" else name for part, name in lines])
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.set(xlabel=f"{len(data)} specifications, sorted by rate; blue: the declared one", xticks=[])
    axes.tick_params(axis="y", length=0)

"""Figures of what differs between participants and between prompts."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from analysis.glmm import Glmm
from analysis.plots import BLACK, BLUE, GREY, ONE_COLUMN, ORANGE, TWO_COLUMNS, Drawn, style


def caterpillar(model: Glmm, compare: tuple[str, str], *, width: float = TWO_COLUMNS) -> Drawn:
    """Draw the conditional mode of each participant and each prompt with its interval, sorted.

    Args:
        model: With the terms participant and prompt.
        compare: The two conditions.
        width: Inches.

    Returns:
        The figure, and its dots: term, level, effect, low, high (log-odds, from the mean of all).
    """
    half = stats.norm.ppf((1 + model.level) / 2) * model.modes["sd"]
    modes = model.modes[["term", "level", "effect"]].assign(
        low=model.modes["effect"] - half, high=model.modes["effect"] + half
    )
    modes = modes.sort_values(["term", "effect"], kind="stable", ignore_index=True)
    with style():
        figure = Figure(figsize=(width, 2.6), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, term in zip(panels, ("participant", "prompt"), strict=True):
            part = modes[modes["term"] == term].reset_index(drop=True)
            away = (part["low"] > 0) | (part["high"] < 0)
            for chosen, color in ((~away, GREY), (away, BLUE)):
                here = part[chosen]
                axes.vlines(here.index, here["low"], here["high"], color=color, linewidth=0.8)
                axes.plot(here.index, here["effect"], "o", color=color, markersize=2.5)
            axes.axhline(0, color=BLACK, linestyle="--", linewidth=0.8)
            sd = float(model.random.set_index("term").loc[term, "sd"])
            axes.set_title(f"{len(part)} {term}s, SD {sd:.2f}; {int(away.sum())} apart from the mean")
            axes.set(xlabel=f"{term}s, sorted", xticks=[])
            axes.yaxis.grid(visible=True)
        panels[0].set_ylabel(f"log-odds of {compare[0]}, from the mean")
    return figure, modes


def sides(table: pd.DataFrame, compare: tuple[str, str], *, width: float = ONE_COLUMN) -> Drawn:
    """Draw, for each participant, how often the left side was chosen against how often the first condition was.

    Args:
        table: Result of `bias.side_bias`.
        compare: The two conditions.
        width: Inches.

    Returns:
        The figure, and its dots: participant, n, left, selected (percent).
    """
    data = table[["participant", "n", "left", "selected"]].copy()
    data[["left", "selected"]] *= 100
    with style():
        figure = Figure(figsize=(width, width), layout="constrained")
        axes = figure.add_subplot()
        axes.set(xlim=(-3, 103), ylim=(-3, 103), aspect="equal", xticks=range(0, 101, 25), yticks=range(0, 101, 25))
        axes.axhline(50, color=BLACK, linestyle="--", linewidth=0.8)
        axes.axvline(50, color=BLACK, linestyle="--", linewidth=0.8)
        _expected(axes, float(data["n"].median()))
        axes.plot(data["selected"], data["left"], "o", color=BLUE, alpha=0.55, markersize=4, markeredgewidth=0)
        axes.set_xlabel(f"{compare[0]} chosen, % of main trials")
        axes.set_ylabel("left side chosen, % of main trials")
        axes.text(100, 1, f"{len(data)} participants", ha="right", va="bottom", color=GREY)
        axes.grid(visible=True)
    return figure, data


def _expected(axes: Axes, n: float) -> None:
    half = 100 * stats.norm.ppf(0.975) * np.sqrt(0.25 / n)
    axes.axhspan(50 - half, 50 + half, color=ORANGE, alpha=0.18, linewidth=0)
    axes.set_title(f"band: 95 % of people without a side (n = {n:.0f})", fontweight="normal")

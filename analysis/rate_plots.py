"""Figures of one selection rate: by every estimator, and against the lines that a claim must pass."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.jnd import Verdict, observed, rate
from analysis.plots import BLACK, BLUE, CLEAR, GREY, ORANGE, TWO_COLUMNS, VERMILION, Drawn, named_line, style
from analysis.rates import Estimate
from analysis.rounding import number, percent, span

DEFAULT, WRONG = "the default", "WRONG"


def forest(estimators: pd.DataFrame, compare: tuple[str, str], *, margin: float, width: float = TWO_COLUMNS) -> Drawn:
    """Draw the selection rate with its interval by each estimator; the default first, the naive one last.

    Args:
        estimators: Result of `estimators.estimators`.
        compare: The two conditions.
        margin: Selection rate at the margin of 'not worse', in [0, 1].
        width: Inches.

    Returns:
        The figure, and its dots: estimator, speaks_of, mean, low, high (percent).
    """
    data = estimators[["estimator", "speaks_of", "mean", "low", "high"]].copy()
    data[["mean", "low", "high"]] *= 100
    with style():
        figure = Figure(figsize=(width, 0.9 + 0.27 * len(data)), layout="constrained")
        axes = figure.add_subplot()
        for place, (row, note) in enumerate(zip(data.itertuples(), estimators["note"], strict=True)):
            color = BLUE if place == 0 else VERMILION if note.startswith(WRONG) else BLACK
            marker = "o" if place == 0 else "x" if note.startswith(WRONG) else "D"
            axes.plot([row.low, row.high], [place, place], "-", color=color, linewidth=2 if place == 0 else 1.2)
            axes.plot([row.mean], [place], marker, color=color, markersize=5 if place == 0 else 4)
            half = (row.high - row.low) / 2
            words = f"{number(row.mean, half)} {span(row.low, row.high) if np.isfinite(half) else '(no interval)'}"
            words = words if np.isfinite(row.mean) else "not estimable"
            axes.text(1.01, place, words, transform=axes.get_yaxis_transform(), va="center", color=color)
        axes.set_yticks(range(len(data)), data["estimator"].tolist())
        axes.set_ylim(len(data) - 0.5, -0.5)
        axes.set_xlabel(f"{compare[0]} chosen over {compare[1]}, % of main trials")
        ends = data[["low", "high", "mean"]].to_numpy(np.float64)
        low, high = np.nanmin(ends), np.nanmax(ends)
        axes.set_xlim(max(0, min(low, 50) - 3), min(100, max(high, 50) + 3))
        named_line(axes, 50, "chance", BLACK)
        if low < 100 * margin + 8:
            axes.set_xlim(left=max(0, min(low, 100 * margin) - 3))
            named_line(axes, 100 * margin, "margin", BLUE)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        axes.xaxis.grid(visible=True)
    return figure, data


def claims(
    estimate: Estimate, found: Verdict, compare: tuple[str, str], *, lapse: float, width: float = TWO_COLUMNS
) -> Drawn:
    """Draw the interval against chance, the margin of 'not worse' and that of equivalence, in percent and in JND.

    Args:
        estimate: The selection rate.
        found: Its verdict.
        compare: The two conditions.
        lapse: Upper bound on careless answers, in [0, 1].
        width: Inches.

    Returns:
        The figure, and what it draws: what, low, value, high (percent).
    """
    margin, apart = rate(-found.margin_jnd), [rate(sign * found.equivalence_jnd) for sign in (-1, 1)]
    ends = (estimate.interval.low, estimate.interval.high)
    moved = observed(margin, lapse) if lapse < 1 else np.nan
    rows = [
        ("estimate", ends[0], estimate.mean, ends[1]),
        ("margin of 'not worse'", np.nan, margin, np.nan),
        ("the margin with careless answers", np.nan, moved, np.nan),
        ("equal", apart[0], 0.5, apart[1]),
        ("lower end without careless answers", np.nan, found.corrected_low, np.nan),
    ]
    data = pd.DataFrame(rows, columns=["what", "low", "value", "high"])
    data[["low", "value", "high"]] *= 100
    with style():
        figure = Figure(figsize=(width, 1.9), layout="constrained")
        axes = figure.add_subplot()
        axes.set(xlim=(0, 100), ylim=(-1, 1.2), yticks=[], xticks=range(0, 101, 25))
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{compare[0]} chosen over {compare[1]}, % of main trials")
        axes.axvspan(100 * apart[0], 100 * apart[1], color=GREY, alpha=0.15, linewidth=0)
        words = f"less than {found.equivalence_jnd:g} JND apart"
        axes.text(50, -0.93, words, ha="center", va="bottom", color=GREY, bbox=CLEAR)
        axes.axvline(50, color=BLACK, linestyle="--", linewidth=1)
        axes.axvline(100 * margin, color=BLUE, linestyle="--", linewidth=1)
        axes.text(100 * margin - 0.7, 1.15, f"{found.margin_jnd:g} JND below", ha="right", va="top")
        axes.text(50.7, 1.15, "chance", ha="left", va="top")
        if lapse < 1:
            axes.axvline(100 * moved, color=ORANGE, linestyle=":", linewidth=1.6)
            note = f"margin if {percent(lapse)} % answer carelessly"
            axes.text(100 * moved + 0.7, -0.4, note, ha="left", va="center", bbox=CLEAR)
        axes.plot([100 * end for end in ends], [0.3, 0.3], "|-", color=BLACK, markersize=9, linewidth=2)
        axes.plot([100 * estimate.mean], [0.3], "o", color=BLACK, markersize=5)
        half = estimate.interval.half_width
        label = f"{percent(estimate.mean, half)} % {span(*ends, 100)}"
        axes.annotate(
            label, (100 * estimate.mean, 0.3), xytext=(0, 7), textcoords="offset points", ha="center", bbox=CLEAR
        )
        _jnd_axis(axes)
    return figure, data


def _jnd_axis(axes: Axes) -> None:
    marks = range(-2, 3)
    top = axes.secondary_xaxis("top")
    top.set_xticks(
        [100 * rate(mark) for mark in marks], [f"{mark:+d}".replace("-", "−").replace("+0", "0") for mark in marks]
    )
    top.set_xlabel("distance, JND")

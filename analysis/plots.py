"""Figures: each answers one question and returns what it drew; nothing is computed that a table does not hold."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats

from analysis.document import SIMULATED
from analysis.efficiency import QUALITIES, Efficiency
from analysis.jnd import jnd
from analysis.rates import Estimate
from analysis.rounding import percent, span
from budgetfusion.files import replacing

ONE_COLUMN, TWO_COLUMNS = 3.25, 6.875  # inches
BLUE, ORANGE, GREEN, VERMILION, BLACK, GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#1a1a1a", "#767676"
RULE_MARKS = {"OURS": (BLUE, "o"), "UNIFORM": (ORANGE, "s"), "PERMUTED": (GREEN, "D"), "REFERENCE": (BLACK, "^")}
CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}  # behind words that cross a line
BINS = 20  # of 5 percentage points

Drawn = tuple[Figure, pd.DataFrame]


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style, and leave matplotlib's settings as they were."""
    with matplotlib.rc_context(fname=str(files("analysis").joinpath("style.mplstyle"))):
        yield


METADATA: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
"""What would change from day to day, left out."""


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, PDF or PNG (by the path's ending), the same bytes for the same figure."""
    kind = path.suffix[1:]
    with style(), replacing(path) as partial:
        figure.savefig(partial, format=kind, metadata=METADATA[kind])


@dataclass(frozen=True)
class Shown:
    """One comparison as figure 9 shows it: its participants, its rate, its two conditions, its number of prompts."""

    people: pd.DataFrame
    pooled: Estimate
    compare: tuple[str, str]
    n_prompts: int


def selection_rates(shown: Sequence[Shown], *, margin: float = 0.25, width: float = TWO_COLUMNS) -> Drawn:
    """Draw how often each participant chose the first condition (figure 9 of arXiv:2412.05780), one panel for each.

    Args:
        shown: The comparisons, from top to bottom; `people` is the result of `rates.per_participant`.
        margin: The selection rate at the margin of 'not worse', in [0, 1].
        width: Inches.

    Returns:
        The figure, and its bars: comparison, low, high (percent), participants, expected (if all shared the mean).
    """
    bars = [histogram(part.people, part.pooled.mean) for part in shown]
    with style():
        figure = Figure(figsize=(width, 0.3 + 2.3 * len(shown)), layout="constrained")
        grid = np.atleast_1d(figure.subplots(len(shown), 1, sharex=True))
        for axes, part, of_part in zip(grid, shown, bars, strict=True):
            _rates_on(axes, part, of_part, margin)
    names = [f"{part.compare[0]} v {part.compare[1]}" for part in shown]
    data = [of_part.assign(comparison=name) for name, of_part in zip(names, bars, strict=True)]
    return figure, pd.concat(data, ignore_index=True)[["comparison", *bars[0].columns]]


def _rates_on(axes: Axes, shown: Shown, bars: pd.DataFrame, margin: float) -> None:
    axes.bar(bars["low"], bars["participants"], width=5, align="edge", color=BLUE, edgecolor="white", linewidth=0.6)
    top = max(1.0, float(bars[["participants", "expected"]].max(axis=None)))
    axes.set(xlim=(0, 100), ylim=(0, 1.42 * top), ylabel="participants", xticks=range(0, 101, 25))
    axes.set_xlabel(f"main trials on which {shown.compare[0]} was chosen over {shown.compare[1]}, %")
    rates = 100 * shown.people["rate"]
    axes.plot(rates, np.full(len(rates), 0.012 * top), "|", color=BLACK, markersize=5, clip_on=False)
    named_line(axes, 50, "chance", BLACK)
    other = "reference" if shown.compare[1] == "REFERENCE" else shown.compare[1]
    named_line(axes, 100 * margin, f"{jnd_label(margin)} below {other}")
    _whisker(axes, shown.pooled, 1.13 * top)
    n = f"{len(rates)} participants\n{shown.n_prompts} prompts\n{shown.pooled.n} choices"
    _key(axes, bars, n, on_the_left=shown.pooled.mean > 0.5)
    axes.yaxis.grid(visible=True)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))


def jnd_label(margin: float) -> str:
    """Return a selection rate below one half as a distance in words, '1 JND'."""
    return f"{-jnd(margin):.3g} JND"


def histogram(people: pd.DataFrame, mean: float) -> pd.DataFrame:
    """Return bars of 5 percentage points, with what binomial chance alone would give at the same mean.

    Args:
        people: Columns selected and n, one row for each participant.
        mean: Selection rate that everybody is supposed to share, in [0, 1].
    """
    counts, expected = np.zeros(BINS), np.zeros(BINS)
    for selected, n in people[["selected", "n"]].itertuples(index=False):
        counts[min(BINS - 1, int(BINS * selected // n))] += 1
        k = np.arange(int(n) + 1)
        np.add.at(expected, np.minimum(BINS - 1, BINS * k // n), stats.binom.pmf(k, n, mean))
    edges = 100 / BINS * np.arange(BINS + 1)
    columns = {"low": edges[:-1], "high": edges[1:], "participants": counts.astype(np.int64), "expected": expected}
    return pd.DataFrame(columns)


def efficiency(result: Efficiency, *, width: float = TWO_COLUMNS) -> Drawn:
    """Draw mean quality of each rule, and how far rules of equal cost are apart, with bootstrap intervals.

    Returns:
        The figure, and its dots: panel, quality, label, value, low, high.
    """
    steps = result.rules.set_index("rule")["num_steps"]
    levels = result.quality.assign(panel="quality", label=result.quality["rule"], value=result.quality["mean"])
    pairs = result.differences["rule"] + " − " + result.differences["other"]
    gaps = result.differences.assign(panel="difference", label=pairs, value=result.differences["difference"])
    columns = ["panel", "quality", "label", "value", "low", "high"]
    data = pd.concat([levels[columns], gaps[columns]], ignore_index=True)
    with style():
        rows = [len(steps), max(1, gaps["label"].nunique())]
        figure = Figure(figsize=(width, 1.5 + 0.24 * sum(rows)), layout="constrained")
        grid = figure.subplots(2, len(QUALITIES), sharey="row", height_ratios=rows)
        for column, (quality, name) in enumerate(QUALITIES.items()):
            here = data[data["quality"] == quality]
            _dots(grid[0, column], here[here["panel"] == "quality"])
            _dots(grid[1, column], here[here["panel"] != "quality"])
            grid[0, column].set_title(name)
            grid[1, column].axvline(0, color=BLACK, linestyle="--", linewidth=0.8)
        _name_rows(grid[0, 0], [f"{rule} ({count:.1f} steps)" for rule, count in steps.items()])
        _name_rows(grid[1, 0], list(gaps["label"].unique()))
        grid[0, 1].set_xlabel("mean quality")
        grid[1, 1].set_xlabel("difference in mean quality")
    return figure, data


def steps(budgets: pd.DataFrame, compare: tuple[str, str], *, width: float = TWO_COLUMNS) -> Drawn:
    """Draw how many prompts get how many steps under the first condition.

    Args:
        budgets: Columns prompt, first and second: the steps of the two conditions.
        compare: Their names.
        width: Inches.

    Returns:
        The figure, and its bars: num_steps, prompts.
    """
    counts = budgets["first"].value_counts().sort_index()
    bars = pd.DataFrame({"num_steps": counts.index.to_numpy(np.int64), "prompts": counts.to_numpy(np.int64)})
    with style():
        figure = Figure(figsize=(width, 2.1), layout="constrained")
        axes = figure.add_subplot()
        axes.bar(bars["num_steps"], bars["prompts"], width=0.9, color=BLUE)
        axes.set(xlabel=f"denoising steps of {compare[0]}", ylabel="prompts")
        axes.set_xlim(0, 1.08 * float(budgets[["first", "second"]].max(axis=None)) + 1)
        axes.set_ylim(0, 1.15 * float(bars["prompts"].max()))
        if budgets["second"].nunique() == 1:
            named_line(axes, float(budgets["second"].iloc[0]), f"{compare[1]}: {budgets['second'].iloc[0]}", ORANGE)
        axes.text(0.99, 0.97, f"n = {len(budgets)} prompts", transform=axes.transAxes, ha="right", va="top", color=GREY)
        axes.yaxis.grid(visible=True)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    return figure, bars


def _key(axes: Axes, bars: pd.DataFrame, title: str, on_the_left: bool) -> None:
    axes.stairs(bars["expected"], [*bars["low"], 100.0], color=GREY, linewidth=1, label="binomial at the mean")
    axes.legend(
        title=title,
        loc="upper left" if on_the_left else "upper right",
        alignment="left",
        borderaxespad=0.2,
        handlelength=1.4,
    )


def named_line(axes: Axes, x: float, name: str, color: str = BLUE) -> None:
    """Draw a dashed vertical line with its name above the axes."""
    axes.axvline(x, color=color, linestyle="--", linewidth=1)
    axes.text(x, 1.015, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", color=BLACK)


def _whisker(axes: Axes, pooled: Estimate, y: float) -> None:
    interval = pooled.interval
    axes.plot([100 * interval.low, 100 * interval.high], [y, y], "|-", color=BLACK, markersize=7)
    axes.plot([100 * pooled.mean], [y], "o", color=BLACK, markersize=4)
    words = f"mean {percent(pooled.mean, interval.half_width)} %, {100 * interval.level:.0f} % CI "
    side = "left" if pooled.mean < 0.25 else "right" if pooled.mean > 0.75 else "center"
    label = words + span(interval.low, interval.high, 100)
    axes.annotate(
        label, (100 * pooled.mean, y), xytext=(0, 5), textcoords="offset points", ha=side, va="bottom", bbox=CLEAR
    )


def _dots(axes: Axes, rows: pd.DataFrame) -> None:
    for place, row in enumerate(rows.itertuples()):
        color, marker = RULE_MARKS.get(str(row.label), (BLACK, "o"))
        axes.plot([row.low, row.high], [place, place], "-", color=color)
        axes.plot([row.value], [place], marker, color=color, markersize=4.5)
    axes.xaxis.grid(visible=True)
    axes.locator_params(axis="x", nbins=3)


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)


def stamp(figure: Figure) -> None:
    """Write SIMULATED across a figure whose data no person made."""
    size = 6.4 * figure.get_figwidth()
    figure.text(0.5, 0.5, SIMULATED, fontsize=size, color=VERMILION, alpha=0.16, ha="center", va="center", rotation=14)

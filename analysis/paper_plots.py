"""Figures after the papers': the predictor's error, gain over each rule, seconds of an image."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.efficiency import QUALITIES
from analysis.plots import BLACK, BLUE, GREEN, GREY, ONE_COLUMN, ORANGE, TWO_COLUMNS, Drawn, style

METRICS = {"l_snr": ("L-SNR", BLUE, "o"), "d_sim": ("D-SIM", ORANGE, "s"), "i_clip": ("I-CLIP", GREEN, "D")}


def fitting(errors: pd.DataFrame) -> Drawn:
    """Draw the predictor's error at each measured step count, and by the step count that it suggests.

    Args:
        errors: Result of `predictor_errors.fitting_error`.

    Returns:
        The figure, and the errors.
    """
    with style():
        figure = Figure(figsize=(TWO_COLUMNS, 2.3), layout="constrained")
        grid = figure.subplots(1, 2, sharey=True)
        for axes, (by, words) in zip(
            grid, {"num_steps": "denoising steps", "suggested": "suggested steps"}.items(), strict=True
        ):
            for metric, (name, color, mark) in METRICS.items():
                part = errors[(errors["by"] == by) & (errors["metric"] == metric)]
                lines = axes.errorbar(
                    part["num_steps"], part["error"], yerr=part["se"].fillna(0), fmt=f"{mark}-", color=color, label=name
                )
                lines.lines[0].set_markersize(3.5)
            axes.set_xlabel(words)
            axes.set_ylim(0, 1.15 * float((errors["error"] + errors["se"].fillna(0)).max()))
            axes.yaxis.grid(visible=True)
        grid[0].set_ylabel("absolute error ± SE")
        grid[1].legend(frameon=False)
    return figure, errors


def gains(table: pd.DataFrame) -> Drawn:
    """Draw what OURS gains over each rule, by both averages.

    Args:
        table: Result of `gains.relative_gain`.

    Returns:
        The figure, and its dots.
    """
    others = list(dict.fromkeys(table["other"]))
    with style():
        figure = Figure(figsize=(TWO_COLUMNS, 1.1 + 0.24 * len(others)), layout="constrained")
        grid = figure.subplots(1, len(QUALITIES), sharey=True)
        for axes, (quality, name) in zip(grid, QUALITIES.items(), strict=True):
            part = table[table["quality"] == quality].set_index("other").loc[others]
            rows = range(len(others))
            axes.errorbar(
                100 * part["gain"], [r - 0.12 for r in rows], xerr=100 * part["gain_se"].fillna(0), fmt="o", color=BLUE,
                markersize=4, label="mean of ratios ± SE",
            )  # fmt: skip
            axes.plot(
                100 * part["of_means"], [r + 0.12 for r in rows], "s", color=ORANGE, markerfacecolor="white",
                markersize=4, label="ratio of means",
            )  # fmt: skip
            axes.axvline(0, color=BLACK, linestyle="--", linewidth=0.8)
            axes.set_title(name)
            axes.xaxis.grid(visible=True)
        grid[0].set_yticks(range(len(others)), [f"OURS over {other}" for other in others])
        grid[0].set_ylim(len(others) - 0.5, -0.5)
        grid[1].set_xlabel("gain in quality, %")
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, frameon=False)
    return figure, table


def seconds(table: pd.DataFrame) -> Drawn:
    """Draw the seconds of an image under each rule.

    Args:
        table: Result of `image_time.seconds_per_image`.

    Returns:
        The figure, and the table.
    """
    with style():
        figure = Figure(figsize=(ONE_COLUMN, 0.8 + 0.24 * len(table)), layout="constrained")
        axes = figure.add_subplot()
        axes.barh(table["rule"], table["seconds"], xerr=table["sd"].fillna(0), color=GREY, ecolor=BLACK, height=0.6)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel("seconds for an image (mean, SD)")
        axes.xaxis.grid(visible=True)
    return figure, table

"""Predicted curves with their plateaus, in the terminal and as a file."""

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from budgetfusion.files import replacing
from budgetfusion.metrics import BADNESS
from budgetfusion.plateau import OMEGA, Suggestion, threshold
from budgetfusion.steps import DENSE

LABELS = {"l_snr": "L-SNR", "d_sim": "D-SIM", "i_clip": "1 - I-CLIP"}
COLOURS = {"l_snr": "#0072B2", "d_sim": "#D55E00", "i_clip": "#009E73"}  # Okabe-Ito
STYLE: dict[Any, Any] = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}
TICKS = (1, 2, 5, 9, 17, 33, 65, 129)
_SHOWN = 65  # beyond this every curve is flat to the eye


def draw_terminal(curves: NDArray[np.float64], suggestion: Suggestion) -> None:
    """Print the curves, shape (metrics, 129), over 1..65 steps with t* marked."""
    import plotext as plt

    plt.clear_figure()
    plt.theme("clear")
    plt.plot_size(72, 18)
    for name, badness in _badness(curves, suggestion).items():
        plt.plot(list(DENSE[:_SHOWN]), badness[:_SHOWN].tolist(), label=LABELS[name])
    plt.vline(suggestion.num_steps)
    plt.xlabel(f"denoising steps (| t* = {suggestion.num_steps})")
    plt.ylabel("predicted badness, 0..1")
    click.echo(plt.build())  # which leaves colours out where there is no terminal


def draw_file(path: Path, prompt: str, curves: NDArray[np.float64], suggestion: Suggestion) -> None:
    """Draw the curves, shape (metrics, 129), with each metric's threshold and plateau, to a file of its name's type."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(4.6, 2.9), layout="constrained")
        axes = figure.subplots()
        draw_curves(axes, curves, suggestion)
        axes.set(title=f"“{prompt}”", xlabel="denoising steps", ylabel="predicted badness, lower is better")
        axes.legend(frameon=False)
        with replacing(path) as partial:
            figure.savefig(partial, format=path.suffix.lstrip(".") or "svg", dpi=200)


def draw_curves(axes: Any, curves: NDArray[np.float64], suggestion: Suggestion) -> None:
    """Draw the curves, shape (metrics, 129), each with its threshold of Eq. 7 and its plateau, and t* as a line.

    Source:
        Figures 3 and 5 of arXiv:2412.05780.
    """
    for name, badness in _badness(curves, suggestion).items():
        colour, end = COLOURS[name], suggestion.plateaus[name].num_steps
        axes.plot(DENSE, badness, color=colour, linewidth=1.2, label=LABELS[name])
        axes.axhline(threshold(badness, OMEGA[name]), color=colour, linestyle=":", linewidth=0.9)
        axes.plot(end, badness[end - 1], "o", color=colour, markersize=4)
    axes.axvline(suggestion.num_steps, color="#1a1a1a", linestyle="--", linewidth=0.8)
    words, place = f" t* = {suggestion.num_steps}", (suggestion.num_steps, 1)
    axes.annotate(words, place, va="top", xycoords=("data", "axes fraction"))
    axes.set(xscale="log", xlim=(1, 129), ylim=(0, 1))
    axes.set_xticks(TICKS, [str(tick) for tick in TICKS], minor=False)
    axes.minorticks_off()


def _badness(curves: NDArray[np.float64], suggestion: Suggestion) -> dict[str, NDArray[np.float64]]:
    return {name: BADNESS[name](curve) for name, curve in zip(suggestion.plateaus, curves, strict=True)}

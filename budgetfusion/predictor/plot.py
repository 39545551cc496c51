"""Predicted curves with their plateaus, in the terminal and as a file."""

from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from budgetfusion.files import replacing
from budgetfusion.metrics import BADNESS
from budgetfusion.plateau import Suggestion
from budgetfusion.steps import DENSE

LABELS = {"l_snr": "L-SNR", "d_sim": "D-SIM", "i_clip": "1 - I-CLIP"}
_COLOURS = {"l_snr": "#0072B2", "d_sim": "#D55E00", "i_clip": "#009E73"}  # Okabe-Ito
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
    """Draw the curves, shape (metrics, 129), with each metric's plateau, to a file of the type its name says."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(4.6, 2.8), layout="constrained")
        axes = figure.subplots()
        for name, badness in _badness(curves, suggestion).items():
            _draw_curve(axes, name, badness, suggestion.plateaus[name].num_steps)
        axes.axvline(suggestion.num_steps, color="#1a1a1a", linestyle="--", linewidth=0.8)
        axes.annotate(
            f" t* = {suggestion.num_steps}", (suggestion.num_steps, 1), va="top", xycoords=("data", "axes fraction")
        )
        axes.set(xscale="log", xlim=(1, 129), ylim=(0, 1), title=f"“{prompt}”")
        axes.set(xlabel="denoising steps", ylabel="predicted badness, lower is better")
        axes.set_xticks([1, 2, 5, 9, 17, 33, 65, 129], ["1", "2", "5", "9", "17", "33", "65", "129"], minor=False)
        axes.minorticks_off()
        axes.legend(frameon=False)
        with replacing(path) as partial:
            figure.savefig(partial, format=path.suffix.lstrip(".") or "svg", dpi=200)


def _draw_curve(axes: Any, name: str, badness: NDArray[np.float64], num_steps: int) -> None:
    axes.plot(DENSE, badness, color=_COLOURS[name], linewidth=1.2, label=LABELS[name])
    axes.plot(num_steps, badness[num_steps - 1], "o", color=_COLOURS[name], markersize=4)


def _badness(curves: NDArray[np.float64], suggestion: Suggestion) -> dict[str, NDArray[np.float64]]:
    return {name: BADNESS[name](curve) for name, curve in zip(suggestion.plateaus, curves, strict=True)}

"""Seconds of images, and their scores as sets: Figure 8b and Inception Scores of the paper, StepSaver's table."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import published
from analysis.efficiency import RULES, ordered
from analysis.errors import EvaluationError

Numbers = NDArray[np.float64]


def seconds_per_image(evaluation: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds of an image under each rule, by the measured time of its steps.

    Args:
        evaluation: Rows against one reference; one image each.
        costs: Rows of the cost table, of one machine; between its step counts time is taken to be linear.

    Returns:
        Columns rule, n (images), num_steps, seconds, sd, share (of REFERENCE's, if it is there), hours_of_1000,
        hardware, paper_seconds, paper_spread (what the paper calls '±').

    Raises:
        EvaluationError: If the costs are of several machines or models, or end before the steps do.

    Source:
        Figure 8b of arXiv:2412.05780.
    """
    time = _clock(evaluation, costs)
    images = evaluation[evaluation["rule"].isin(_timed(evaluation))]
    seconds = images.assign(seconds=time(images["num_steps"].to_numpy(np.float64)))
    table = seconds.groupby("rule").agg(
        n=("seconds", "size"), num_steps=("num_steps", "mean"), mean=("seconds", "mean"), sd=("seconds", "std")
    )
    table = table.rename(columns={"mean": "seconds"}).reindex(ordered(table.index))
    reference = table["seconds"].get("REFERENCE", np.nan)
    paper = pd.DataFrame(published.SECONDS, index=["paper_seconds", "paper_spread"]).T.reindex(table.index)
    return (
        table.assign(share=table["seconds"] / reference, hours_of_1000=table["seconds"] / 3.6)
        .assign(hardware=str(costs["hardware"].iloc[0]))
        .join(paper)
        .rename_axis("rule")
        .reset_index()
    )


def sets(scores: pd.DataFrame) -> pd.DataFrame:
    """Return Inception Score and Fréchet distance of each rule's images as a set; of PERMUTED the mean of replicates.

    Args:
        scores: Rows of the score table.

    Returns:
        Columns rule, num_images, frechet_to, is_scenes, is_scenes_sd, fid_scenes, is_inception, is_inception_sd,
        fid_inception, paper_is.

    Raises:
        EvaluationError: If the sets differ in size, which no score forgives.
    """
    sizes = sorted(scores["num_images"].unique())
    if len(sizes) != 1:
        raise EvaluationError(f"sets of {', '.join(map(str, sizes))} images", "sets of one size")
    measured = ["is_scenes", "is_scenes_sd", "fid_scenes", "is_inception", "is_inception_sd", "fid_inception"]
    columns = {name: scores[name].astype("float64") for name in measured}
    table = (
        scores.assign(**columns)
        .groupby("rule")
        .agg({"num_images": "first", "frechet_to": "first"} | dict.fromkeys(measured, "mean"))
    )
    table = table.reindex(ordered(table.index))
    return table.assign(paper_is=pd.Series(published.INCEPTION)).rename_axis("rule").reset_index()


def time_and_distance(evaluation: pd.DataFrame, costs: pd.DataFrame, scores: pd.DataFrame | None) -> pd.DataFrame:
    """Return StepSaver's table: hours for all images and their Fréchet distance, fixed step counts and recommended.

    Args:
        evaluation: As in `seconds_per_image`.
        costs: Likewise.
        scores: Rows of the score table, or none.

    Returns:
        Columns rule, n, num_steps, hours, speed_up (over the fixed count next to 50 steps), fid_scenes, fid_inception,
        and below ours the rows of the paper with rule, paper_hours and paper_fid.
    """
    table = seconds_per_image(evaluation, costs)
    is_fixed = table["rule"].str.startswith("FIXED-") | (table["rule"] == "REFERENCE")
    table = table[is_fixed | table["rule"].isin(["OURS", "UNIFORM"])].sort_values("num_steps")
    fixed = table[~table["rule"].isin(["OURS", "UNIFORM"])]
    base = fixed.loc[(fixed["num_steps"] - 50).abs().idxmin(), "seconds"] if len(fixed) else np.nan
    found = table.assign(hours=table["seconds"] * table["n"] / 3600, speed_up=base / table["seconds"])
    found = found[["rule", "n", "num_steps", "hours", "speed_up"]]
    distances = ["fid_scenes", "fid_inception"]
    if scores is None:
        found = found.assign(**dict.fromkeys(distances, np.nan))
    else:
        found = found.merge(sets(scores)[["rule", *distances]], on="rule", how="left")
    paper = [
        {"rule": f"StepSaver {k}", "n": 2757, "paper_hours": h, "paper_fid": f}
        for k, (h, f) in published.STEPSAVER.items()
    ]
    return pd.concat([found, pd.DataFrame(paper)], ignore_index=True)


def _clock(evaluation: pd.DataFrame, costs: pd.DataFrame) -> Callable[[Numbers], Numbers]:
    """Return the seconds of an image by its steps."""
    kinds = costs[["config_digest", "hardware"]].drop_duplicates()
    if len(kinds) != 1:
        raise EvaluationError(f"costs of {len(kinds)} models and machines", "one model on one machine")
    known = costs.sort_values("num_steps")
    steps, seconds = (known[name].to_numpy(np.float64) for name in ("num_steps", "seconds"))
    asked = evaluation.loc[evaluation["rule"].isin(_timed(evaluation)), "num_steps"]
    if asked.min() < steps.min() or asked.max() > steps.max():
        raise EvaluationError(
            f"costs of {steps.min():.0f} to {steps.max():.0f} steps", f"those of {asked.min()} to {asked.max()}"
        )
    return lambda asked_steps: np.interp(asked_steps, steps, seconds)


def _timed(evaluation: pd.DataFrame) -> list[str]:
    """Return the rules whose images are made by the model's own sampler, whose time is measured."""
    return [rule for rule in evaluation["rule"].unique() if rule in RULES or rule.startswith("FIXED-")]

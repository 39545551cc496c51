"""Quality per computation, and what OURS gains over every other rule: Table 2, equation 9 and Figure 8a of the paper.

Beside the paper's averages stand those that compare fairly, and the paper's own figures in columns of their own.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis import published
from analysis.efficiency import QUALITIES, mean_and_se, ordered, percentiles, prompt_means, resampled

Numbers = NDArray[np.float64]

RAW = {"sharpness": "l_snr", "sameness": "d_sim", "meaning": "i_clip"}
"""The metric behind each quality; of the first two, more is worse."""

NEAR_ZERO = 1e-3
"""Where the denominator of equation 9 is smaller, the ratio says nothing and the prompt is left out of it."""


def table_2(evaluation: pd.DataFrame) -> pd.DataFrame:
    """Return quality per TFLOP (in 1e-2) of every rule, as the paper averages and as it compares.

    Args:
        evaluation: Rows against one reference, see `efficiency.against`.

    Returns:
        Columns rule, quality, n (prompts), num_steps, tflop, level, level_se (quality alone), mean_of_ratios,
        mean_of_ratios_se, ratio_of_means, ratio_of_means_se (delta method), paper_mean, paper_se.

    Source:
        Table 2 and equation 8 of arXiv:2412.05780.
    """
    cells = prompt_means(evaluation)
    rows = []
    for rule in ordered(cells.index.get_level_values("rule").unique()):
        own = cells.loc[rule]
        cost = own["computation"].to_numpy(np.float64)
        for quality in QUALITIES:
            values, ratios = (own[name].to_numpy(np.float64) for name in (quality, f"{quality}_ratio"))
            of_means = values.mean() / cost.mean()
            residual = (values - of_means * cost) / cost.mean()
            paper = published.TABLE_2.get(rule, {}).get(quality, (np.nan, np.nan))
            averages = (*mean_and_se(100 * ratios), 100 * of_means, mean_and_se(100 * residual)[1])
            rows.append(
                (rule, quality, len(own), own["num_steps"].mean(), cost.mean(), *mean_and_se(values), *averages, *paper)
            )
    columns = ["rule", "quality", "n", "num_steps", "tflop", "level", "level_se", "mean_of_ratios"]
    columns += ["mean_of_ratios_se", "ratio_of_means", "ratio_of_means_se", "paper_mean", "paper_se"]
    return pd.DataFrame(rows, columns=columns).astype({"paper_mean": "float64", "paper_se": "float64"})


def relative_gain(evaluation: pd.DataFrame, *, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Return what OURS gains over each other rule, prompt by prompt, with paired tests.

    Args:
        evaluation: Rows against one reference, see `efficiency.against`.
        level: Of the bootstrap intervals over prompts, in (0, 1).
        seed: Of the bootstrap.

    Returns:
        Columns other, quality, n; difference, difference_low, difference_high and p_wilcoxon (of the difference in
        quality; signed ranks), p_holm (over all rows); gain, gain_se, gain_median (equation 9 with quality, where more
        is better), wins (share of prompts where OURS is better, ties one half), of_means (ratio of means minus one);
        literal, literal_se, literal_n (equation 9 at its word, with the metric), paper_gain, paper_gain_se. Ratios
        leave out prompts whose denominator is about 0.

    Source:
        Equation 9 and Figure 8a of arXiv:2412.05780. Where the metric is L-SNR or D-SIM, the literal gain counts worse
        images as a gain.
    """
    cells = prompt_means(evaluation)
    raw = evaluation.groupby(["rule", "prompt_id"])[list(RAW.values())].mean()
    names = cells.index.get_level_values("rule").unique()
    weights = resampled(len(cells.loc["OURS"]), seed)
    rows = [
        {"other": other, "quality": quality} | _gain(cells, raw, other, quality, weights, level)
        for other in ordered(names)
        if other not in ("OURS", "REFERENCE")
        for quality in QUALITIES
    ]
    table = pd.DataFrame(rows)
    return table.assign(p_holm=multipletests(table["p_wilcoxon"], method="holm")[1])


def _gain(
    cells: pd.DataFrame, raw: pd.DataFrame, other: str, quality: str, weights: Numbers, level: float
) -> dict[str, float]:
    rules = ("OURS", other)
    ours, theirs = (cells.loc[rule, quality].to_numpy(np.float64) for rule in rules)
    metrics = [raw.loc[rule, RAW[quality]].reindex(cells.loc["OURS"].index).to_numpy(np.float64) for rule in rules]
    gap = ours - theirs
    low, high = percentiles(weights @ gap, level)
    ratios, literal = _ratios(ours, theirs), _ratios(metrics[0], metrics[1])
    gain, gain_se = mean_and_se(ratios)
    literal_mean, literal_se = mean_and_se(literal)
    paper = published.GAIN[quality] if other == "UNIFORM" else (np.nan, np.nan)
    return {
        "n": len(gap),
        "difference": float(gap.mean()),
        "difference_low": low,
        "difference_high": high,
        "p_wilcoxon": float(stats.wilcoxon(gap).pvalue) if np.any(gap) else 1.0,
        "gain": gain,
        "gain_se": gain_se,
        "gain_median": float(np.median(ratios)) if len(ratios) else np.nan,
        "wins": float(np.mean((gap > 0) + 0.5 * (gap == 0))),
        "of_means": float(ours.mean() / theirs.mean() - 1),
        "literal": literal_mean,
        "literal_se": literal_se,
        "literal_n": len(literal),
        "paper_gain": paper[0],
        "paper_gain_se": paper[1],
    }


def _ratios(ours: Numbers, theirs: Numbers) -> Numbers:
    """Return ours / theirs - 1 for the prompts whose denominator is not about 0."""
    says = np.abs(theirs) > NEAR_ZERO
    return ours[says] / theirs[says] - 1

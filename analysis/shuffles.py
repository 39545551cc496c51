"""What steps are worth on measured curves: each rule beside a thousand shuffles of OURS' steps; no image is made."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.efficiency import QUALITIES, RULES
from analysis.errors import EvaluationError
from budgetfusion.steps import KNOTS, interpolate

SHUFFLES = 1000
READ = tuple(rule for rule in RULES if rule not in ("PERMUTED", "REFERENCE"))
"""Rules that are read: of the others, shuffles come by the thousand here, and the reference costs more."""

Numbers = NDArray[np.float64]
Steps = NDArray[np.int64]


def against_shuffles(
    evaluation: pd.DataFrame, measurements: pd.DataFrame, *, shuffles: int = SHUFFLES, seed: int = 0
) -> pd.DataFrame:
    """Return the mean quality that measured curves have at each rule's steps, beside that of OURS' steps shuffled.

    Curves are means over the seeds that were measured, and straight between the measured steps. They compare with the
    image of the most steps, whatever reference the evaluation has.

    Args:
        evaluation: Rows of the evaluation table; only who gets how many steps is taken from it.
        measurements: Rows of the measurement table, of the same model and encoder.
        shuffles: How many.
        seed: Of the shuffles.

    Returns:
        Columns rule, quality, n (prompts), num_steps (mean), mean, shuffles (how many), shuffled (their mean),
        shuffled_sd, and beaten: the share of shuffles that are below the rule.

    Raises:
        EvaluationError: If a prompt of the evaluation was not measured at every step count.
    """
    steps = _steps(evaluation)
    curves = {name: _curves(quality, steps.index) for name, quality in _qualities(evaluation, measurements).items()}
    ours = steps["OURS"].to_numpy()
    rng = np.random.default_rng(seed)
    dealt = np.stack([rng.permutation(ours) for _ in range(shuffles)])
    rows = []
    for rule in steps.columns:
        for name, values in curves.items():
            mean, shuffled = _read(values, steps[rule].to_numpy()).mean(), _read(values, dealt).mean(axis=1)
            beaten = float(np.mean((shuffled < mean) + 0.5 * (shuffled == mean)))
            found = (len(steps), steps[rule].mean(), mean, shuffles, shuffled.mean(), shuffled.std(ddof=1), beaten)
            rows.append((rule, name, *found))
    columns = ["rule", "quality", "n", "num_steps", "mean", "shuffles", "shuffled", "shuffled_sd", "beaten"]
    return pd.DataFrame(rows, columns=columns)


def _steps(evaluation: pd.DataFrame) -> pd.DataFrame:
    """Return who gets how many: one row for each prompt, one column for each rule."""
    table = evaluation.groupby(["prompt", "rule"])["num_steps"].first().unstack()
    found = table[[rule for rule in READ if rule in table]]
    if "OURS" not in found or bool(found.isna().any(axis=None)):
        raise EvaluationError(f"rules {', '.join(found)}", "OURS, and steps of every prompt")
    return found.astype("int64")


def _qualities(evaluation: pd.DataFrame, measurements: pd.DataFrame) -> dict[str, pd.Series]:
    """Return quality -> its mean over seeds, by prompt and step count, of the evaluation's model and encoder."""
    same = [measurements[name].isin(evaluation[name].unique()) for name in ("config_digest", "encoder")]
    rows = measurements[same[0] & same[1]]
    oriented = rows.assign(sharpness=1 - rows["l_snr"], sameness=1 - rows["d_sim"], meaning=rows["i_clip"])
    means = oriented.groupby(["prompt", "num_steps"])[list(QUALITIES)].mean()
    return {name: means[name] for name in QUALITIES}


def _curves(quality: pd.Series, prompts: pd.Index) -> Numbers:
    """Return curves at 1..129 steps, shape (prompts, 129)."""
    at = quality.unstack().reindex(index=prompts, columns=list(KNOTS))
    if lacking := at.index[at.isna().any(axis=1)].tolist():
        raise EvaluationError(f"no measured curve of {len(lacking)} prompt(s), '{lacking[0]}' first", "one of each")
    return interpolate(at.to_numpy(np.float64), np.array(KNOTS))


def _read(curves: Numbers, steps: Steps) -> Numbers:
    """Return each prompt's quality at its steps; any leading axes of the steps are kept."""
    found: Numbers = curves[np.arange(len(curves)), steps - 1]
    return found

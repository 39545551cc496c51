"""Who gets how many steps, judged on measured curves beside shuffles."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pandas as pd
import pytest

from analysis.errors import EvaluationError
from analysis.shuffles import against_shuffles
from budgetfusion.measurements import MEASUREMENT
from budgetfusion.steps import KNOTS

Make = Callable[..., pd.DataFrame]


def measured(evaluation: pd.DataFrame, needs: dict[str, float], seeds: int = 2) -> pd.DataFrame:
    """Return curves that get better on a straight line, in every metric, until a prompt has what it needs."""
    own = {name: evaluation[name].iloc[0] for name in ("config_digest", "encoder")}
    rows = pd.DataFrame(product(needs, range(seeds), KNOTS), columns=["prompt", "seed", "num_steps"])
    bad = (1 - rows["num_steps"] / rows["prompt"].map(needs)).clip(lower=0)
    return rows.assign(l_snr=bad, d_sim=bad, i_clip=1 - bad, **own).reindex(columns=MEASUREMENT.names)


def ours(evaluation: pd.DataFrame) -> dict[str, float]:
    """Return OURS' steps by prompt."""
    rows = evaluation[evaluation["rule"] == "OURS"]
    return dict(zip(rows["prompt"], rows["num_steps"].astype(float), strict=True))


def test_steps_that_fit_the_need_beat_every_shuffle(evaluation_of: Make) -> None:
    """OURS gives what each prompt needs; nothing else with the same steps is as good."""
    evaluation = evaluation_of(prompts=30)
    table = against_shuffles(evaluation, measured(evaluation, ours(evaluation))).set_index(["rule", "quality"])

    assert table.loc["OURS", "beaten"].tolist() == [1.0] * 3
    assert (table.loc["OURS", "mean"] > table.loc["UNIFORM", "mean"]).all()
    assert table["shuffles"].unique().tolist() == [1000]


def test_needs_that_ours_does_not_know_leave_it_among_the_shuffles(evaluation_of: Make) -> None:
    """Where the need is another prompt's, OURS is a shuffle like the others."""
    evaluation = evaluation_of(prompts=30)
    rng = np.random.default_rng(5)
    needs = ours(evaluation)
    beaten = [
        against_shuffles(
            evaluation,
            measured(evaluation, dict(zip(needs, rng.permutation(list(needs.values())), strict=True))),
            shuffles=200,
        )
        .set_index("rule")
        .loc["OURS", "beaten"]
        .iloc[0]
        for _ in range(20)
    ]

    assert 0.3 < np.mean(beaten) < 0.7


def test_curves_are_read_between_knots_on_a_straight_line(evaluation_of: Make) -> None:
    """The mean of OURS is that of the lines, by hand."""
    evaluation = evaluation_of(prompts=4)
    table = against_shuffles(evaluation, measured(evaluation, dict.fromkeys(ours(evaluation), 129.0)))

    expected = np.mean([steps / 129 for steps in ours(evaluation).values()])
    assert table[table["rule"] == "OURS"]["mean"].tolist() == pytest.approx([expected] * 3)


def test_a_prompt_without_a_curve_is_named(evaluation_of: Make) -> None:
    """Curves of another model do not count."""
    evaluation = evaluation_of(prompts=4)
    rows = measured(evaluation, ours(evaluation))

    with pytest.raises(EvaluationError, match="no measured curve of 4 prompt"):
        against_shuffles(evaluation, rows.assign(config_digest="0" * 64))

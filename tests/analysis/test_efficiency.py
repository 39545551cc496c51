"""Efficiency: identities of the two averages, the artefact of the paper's, paired differences."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis.efficiency import QUALITIES, efficiency, ordered, prompt_means
from analysis.errors import EvaluationError

Make = Callable[..., pd.DataFrame]


def cell(table: pd.DataFrame, rule: str, quality: str = "meaning") -> pd.Series:
    """Return the one row of a rule and a quality."""
    return table[(table["rule"] == rule) & (table["quality"] == quality)].iloc[0]


def test_a_constant_rule_has_one_efficiency(evaluation_of: Make) -> None:
    """Where every prompt gets the same steps, the mean of ratios is the ratio of means."""
    row = cell(efficiency(evaluation_of()).quality, "UNIFORM")

    assert row["mean_of_ratios"] == pytest.approx(row["ratio_of_means"], rel=1e-12)


def test_the_mean_of_ratios_rewards_variation_alone(evaluation_of: Make) -> None:
    """At equal quality the ratio of means finds no gain, the mean of ratios 'gains' E[1/t] E[t] - 1 (Jensen)."""
    evaluation = evaluation_of().assign(i_clip=0.9)
    evaluation = evaluation[evaluation["rule"] != "PERMUTED"]
    ours = evaluation.loc[evaluation["rule"] == "OURS", "num_steps"]
    evaluation.loc[evaluation["rule"] == "UNIFORM", "tflop"] = 0.0012 * ours.mean()
    gain = cell(efficiency(evaluation).gains, "OURS")

    assert gain["ratio_of_means"] == pytest.approx(0)
    assert gain["mean_of_ratios"] == pytest.approx((1 / ours).mean() * ours.mean() - 1)
    assert gain["mean_of_ratios"] > 0.05


def test_permuted_shares_the_artefact(evaluation_of: Make) -> None:
    """Shuffled budgets have OURS' steps and OURS' mean of ratios at equal quality, in every replicate."""
    result = efficiency(evaluation_of(replicates=5).assign(i_clip=0.9))
    steps = result.rules.set_index("rule")["num_steps"]

    assert result.n_replicates == 5
    assert steps["PERMUTED"] == pytest.approx(steps["OURS"])
    gains = [cell(result.gains, rule)["mean_of_ratios"] for rule in ("OURS", "PERMUTED")]
    assert gains[0] == pytest.approx(gains[1])


@pytest.mark.parametrize(
    ("advantage", "words"),
    [
        (0.03, "OURS beats PERMUTED at equal mean steps"),
        (-0.03, "OURS does not beat PERMUTED at equal mean steps"),
        (0.0, "It is undecided whether OURS beats PERMUTED at equal mean steps"),
    ],
)
def test_the_sentence_follows_the_difference(evaluation_of: Make, advantage: float, words: str) -> None:
    """A planted advantage, a planted loss and none give three different sentences."""
    assert efficiency(evaluation_of(advantage=advantage, prompts=40)).sentence.startswith(words)


def test_mixed_results_are_called_mixed(evaluation_of: Make) -> None:
    """Better in one quality and worse in another is neither a win nor a loss."""
    evaluation = evaluation_of(advantage=0.03, prompts=40)
    evaluation["d_sim"] = 1 - evaluation["d_sim"]

    assert "is mixed" in efficiency(evaluation).sentence


def test_unequal_steps_are_said(evaluation_of: Make) -> None:
    """If PERMUTED does not have OURS' mean steps, the sentence does not claim so."""
    evaluation = evaluation_of()
    evaluation.loc[evaluation["rule"] == "PERMUTED", "num_steps"] += 2

    assert "at mean steps that differ by -2.00" in efficiency(evaluation).sentence


def test_without_permuted_nothing_is_claimed(evaluation_of: Make) -> None:
    """The control's absence is said."""
    evaluation = evaluation_of().query("rule != 'PERMUTED'")

    assert "There is no PERMUTED control" in efficiency(evaluation).sentence


def test_difference_is_the_mean_of_paired_differences(evaluation_of: Make) -> None:
    """OURS minus UNIFORM is taken within prompts, and its interval holds it."""
    evaluation = evaluation_of(advantage=0.01)
    wide = evaluation[evaluation["replicate"] == 0].pivot(index="prompt", columns="rule", values="i_clip")
    rows = efficiency(evaluation).differences
    row = rows[(rows["other"] == "UNIFORM") & (rows["quality"] == "meaning")].iloc[0]

    assert row["difference"] == pytest.approx((wide["OURS"] - wide["UNIFORM"]).mean())
    assert row["low"] < row["difference"] < row["high"]


def test_prompts_are_the_unit(evaluation_of: Make) -> None:
    """Doubling every row as a second seed changes neither means nor standard errors."""
    once = evaluation_of()
    twice = pd.concat([once, once.assign(seed=1)], ignore_index=True)

    pd.testing.assert_frame_equal(efficiency(once).quality, efficiency(twice).quality)
    assert efficiency(twice).n_seeds == 2


def test_order_of_rows_does_not_matter(evaluation_of: Make) -> None:
    """Shuffled rows give the same tables."""
    rows = evaluation_of()

    pd.testing.assert_frame_equal(efficiency(rows).quality, efficiency(rows.sample(frac=1, random_state=2)).quality)


def test_the_unit_follows_the_model(evaluation_of: Make) -> None:
    """A tiny denoiser is counted in GFLOP, a large one in TFLOP; the quality does not change."""
    small = evaluation_of()
    large = small.assign(tflop=small["tflop"] * 1000)

    assert (efficiency(small).unit, efficiency(large).unit) == ("GFLOP", "TFLOP")
    assert efficiency(small).rules["computation"].tolist() == pytest.approx(
        efficiency(large).rules["computation"].tolist()
    )


def test_qualities_are_better_when_higher(evaluation_of: Make) -> None:
    """L-SNR and D-SIM are turned round, I-CLIP is taken as it is."""
    evaluation = evaluation_of()
    first = evaluation.iloc[0]
    found = prompt_means(evaluation).loc[("OURS", first["prompt_id"]), list(QUALITIES)]

    assert found.tolist() == pytest.approx([1 - first["l_snr"], 1 - first["d_sim"], first["i_clip"]])


def test_intervals_cover_a_known_mean() -> None:
    """Over 100 simulated evaluations of 40 prompts, 95 % bootstrap intervals of the mean cover about 95 %."""
    rng, hits = np.random.default_rng(5), 0
    base = pd.DataFrame({"prompt_id": [str(n) for n in range(40)], "seed": 0, "replicate": 0, "num_steps": 9})
    base = base.assign(reference="EULER", reference_num_steps=65)
    for run in range(100):
        shared = base.assign(tflop=0.01, l_snr=0.5, d_sim=0.5, i_clip=rng.normal(0.8, 0.05, 40))
        rows = pd.concat([shared.assign(rule="OURS"), shared.assign(rule="UNIFORM")])
        row = cell(efficiency(rows, seed=run).quality, "OURS")
        hits += row["low"] <= 0.8 <= row["high"]

    assert 0.88 <= hits / 100 <= 0.99


def test_samplers_are_compared_with_euler_or_with_themselves(evaluation_of: Make) -> None:
    """A baseline that has its own reference is judged by it only if asked; the rules never have another."""
    ours = evaluation_of()
    ddim = ours[ours["rule"] == "UNIFORM"].assign(rule="DDIM", i_clip=0.5)
    rows = pd.concat([ours, ddim, ddim.assign(reference="DDIM", i_clip=0.9)])

    means = [cell(efficiency(rows, own=own).quality, "DDIM")["mean"] for own in (False, True)]

    assert means == pytest.approx([0.5, 0.9])
    assert efficiency(rows).differences["other"].unique().tolist() == ["UNIFORM", "PERMUTED", "DDIM"]


def test_the_reference_is_chosen(evaluation_of: Make) -> None:
    """By default it is that of the rule REFERENCE; one that is not there is refused."""
    rows = evaluation_of()
    both = pd.concat([rows, rows.assign(reference_num_steps=129, i_clip=0.3)])

    assert efficiency(both).reference == 65
    assert cell(efficiency(both, reference=129).quality, "OURS")["mean"] == pytest.approx(0.3)
    with pytest.raises(EvaluationError, match="references of 65, 129 steps, expected one of 30"):
        efficiency(both, reference=30)


def test_rules_stand_in_one_order() -> None:
    """The named ones, fixed step counts by number, baselines by name."""
    assert ordered(["DDIM", "FIXED-129", "FIXED-30", "REFERENCE", "OURS", "DEEPCACHE"]) == [
        "OURS",
        "REFERENCE",
        "FIXED-30",
        "FIXED-129",
        "DDIM",
        "DEEPCACHE",
    ]


@pytest.mark.parametrize("rule", ["OURS", "UNIFORM"])
def test_missing_rules_are_said(evaluation_of: Make, rule: str) -> None:
    """Without OURS or UNIFORM there is nothing to compare."""
    with pytest.raises(EvaluationError, match="expected OURS and UNIFORM"):
        efficiency(evaluation_of().query("rule != @rule"))


def test_gaps_are_refused(evaluation_of: Make) -> None:
    """A metric that is missing is not averaged away."""
    evaluation = evaluation_of()
    evaluation.loc[evaluation["prompt_id"] == evaluation["prompt_id"][0], "i_clip"] = np.nan

    with pytest.raises(EvaluationError, match="no gaps"):
        efficiency(evaluation)

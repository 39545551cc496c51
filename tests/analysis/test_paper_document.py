"""The papers' tables, made again: each number by hand on small tables, and the papers' own figures beside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.cli import analyze
from analysis.efficiency import against
from analysis.errors import EvaluationError
from analysis.gains import relative_gain, table_2
from analysis.image_time import seconds_per_image, sets, time_and_distance
from analysis.predictor_errors import fitting_error, table_1, verdict
from budgetfusion.measurements import COST, EVALUATION, SCORE, write_table

Make = Callable[..., pd.DataFrame]
STEPS = (1, 2, 3, 5, 9, 17, 22, 27, 33, 42, 65, 129)


def costs(seconds_per_step: float = 0.1) -> pd.DataFrame:
    """Return costs of a machine that needs so long for a step, and half a second for the rest."""
    rows = [("d" * 64, n, 0.0012 * n, 0.0, 0.5 + seconds_per_step * n, None, "a machine") for n in STEPS]
    return pd.DataFrame(rows, columns=COST.names)


def scores(num_images: tuple[int, int] = (48, 48)) -> pd.DataFrame:
    """Return scores of OURS and of two permutations; Inception was not asked."""
    rows = [
        ("OURS", 0, num_images[0], "EULER-129", 9.0, None, 3.0),
        ("PERMUTED", 0, num_images[1], "EULER-129", 8.0, None, 5.0),
        ("PERMUTED", 1, num_images[1], "EULER-129", 7.0, None, 7.0),
    ]
    names = SCORE.names[: len(rows[0])]
    return pd.DataFrame(rows, columns=names).reindex(columns=SCORE.names).assign(config_digest="d" * 64)


def predictions(off: float = 0.02) -> pd.DataFrame:
    """Return predictions of two variants for three prompts: 'ours' is off by so much, 'without-t' by ten times that."""
    steps = np.arange(1, 130)
    parts = []
    for variant, gap in (("ours", off), ("without-t", 10 * off)):
        for prompt in range(3):
            for metric in ("l_snr", "d_sim", "i_clip"):
                label = 0.1 + 0.6 * np.exp(-steps / (8 + 4 * prompt))
                label = 1 - label if metric == "i_clip" else label
                parts.append(
                    pd.DataFrame({"variant": variant, "prompt_id": f"p{prompt}", "metric": metric, "num_steps": steps})
                    .assign(predicted=label + gap, label=label, is_measured=np.isin(steps, STEPS), num_parameters=7)
                )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_table_1_is_the_mean_error_at_the_measured_steps() -> None:
    """A constant error is found, by variant and metric; the paper's stands beside its own variant and nowhere else."""
    table = table_1(predictions()).set_index(["variant", "metric"])

    assert table.loc[("ours", "d_sim"), "measured"] == pytest.approx(0.02)
    assert table.loc[("without-t", "i_clip"), "interpolated"] == pytest.approx(0.2)
    assert table["n"].unique().tolist() == [3]
    assert table.loc[("without-t", "d_sim"), "paper_error"] == 0.239
    assert np.isnan(table.loc[("ours", "d_sim"), "paper_error"])


def test_the_mean_curve_is_what_a_variant_has_to_beat() -> None:
    """The sentence says by how much in each metric, names those where it does not, and claims nothing without it."""
    clear = pd.concat([predictions(), mean_curve()])
    table = table_1(clear).set_index(["variant", "metric"])

    assert table.loc[("ours", "d_sim"), "nearer"] == pytest.approx(
        table.loc[("mean-curve", "d_sim"), "measured"] - 0.02
    )
    assert verdict(table_1(clear)).startswith("‘ours’ is nearer to the labels than the mean curve")
    assert "is not nearer" in verdict(table_1(clear), "without-t")
    assert "in l_snr, d_sim, i_clip, by more than 2 SE" in verdict(table_1(clear), "without-t")
    assert verdict(table_1(predictions())).startswith("There is no mean curve beside ‘ours’")


def mean_curve() -> pd.DataFrame:
    """Return what the control says of the same prompts: the mean of their labels, and off by 0.2."""
    rows = predictions()
    rows = rows[rows["variant"] == "ours"]
    means = rows.groupby(["metric", "num_steps"])["label"].transform("mean")
    return rows.assign(variant="mean-curve", predicted=means + 0.2, num_parameters=None)


def test_figure_12_has_every_measured_step_and_every_suggestion() -> None:
    """Eleven step counts below 129; three prompts whose curves fall more and more slowly are suggested more steps."""
    errors = fitting_error(predictions())
    steps, suggested = (errors[errors["by"] == by] for by in ("num_steps", "suggested"))

    assert sorted(steps["num_steps"].unique()) == list(STEPS[:-1])
    assert suggested["num_steps"].nunique() == 3
    assert errors["error"].to_numpy() == pytest.approx(0.02)
    with pytest.raises(EvaluationError, match="variants"):
        fitting_error(predictions(), "nobody")


def test_table_2_has_both_averages_and_the_papers(evaluation_of: Make) -> None:
    """By hand for one rule and quality; the paper's figure stands in a column of its own."""
    rows = against(evaluation_of())
    table = table_2(rows).set_index(["rule", "quality"])
    ours = rows[rows["rule"] == "OURS"].set_index("prompt_id")

    found = table.loc[("OURS", "meaning")]
    assert found["mean_of_ratios"] == pytest.approx(100 * (ours["i_clip"] / ours["tflop"]).mean())
    assert found["ratio_of_means"] == pytest.approx(100 * ours["i_clip"].mean() / ours["tflop"].mean())
    assert (found["paper_mean"], found["paper_se"]) == (1.48, 1.2e-2)
    assert np.isnan(table.loc[("PERMUTED", "meaning"), "paper_mean"])


def test_equation_9_is_oriented_and_at_its_word(evaluation_of: Make) -> None:
    """Halved distances are a gain in quality, and a loss of one half at the equation's word."""
    rows = against(evaluation_of())
    rows.loc[rows["rule"] != "REFERENCE", "d_sim"] = 0.4
    rows.loc[rows["rule"] == "OURS", "d_sim"] = 0.2
    found = relative_gain(rows).set_index(["other", "quality"]).loc[("UNIFORM", "sameness")]

    assert found["gain"] == pytest.approx(0.8 / 0.6 - 1)
    assert found["literal"] == pytest.approx(-0.5)
    assert found["wins"] == 1.0
    assert found["paper_gain"] == 0.084
    assert found["p_wilcoxon"] <= found["p_holm"] < 0.05


def test_a_denominator_of_nothing_is_left_out(evaluation_of: Make) -> None:
    """Where UNIFORM's images are the reference's, the literal ratio says nothing, and the count says so."""
    rows = against(evaluation_of())
    rows.loc[rows["rule"] == "UNIFORM", "d_sim"] = 0.0
    found = relative_gain(rows).set_index(["other", "quality"]).loc[("UNIFORM", "sameness")]

    assert found["literal_n"] == 0
    assert np.isnan(found["literal"])


def test_seconds_follow_the_steps(evaluation_of: Make) -> None:
    """Half a second and a tenth for each step, between the measured counts too; the share is of REFERENCE."""
    rows = against(evaluation_of())
    table = seconds_per_image(rows, costs()).set_index("rule")

    assert table.loc["REFERENCE", "seconds"] == pytest.approx(7.0)
    assert table.loc["OURS", "seconds"] == pytest.approx(0.5 + 0.1 * rows[rows["rule"] == "OURS"]["num_steps"].mean())
    assert table.loc["REFERENCE", "share"] == 1.0
    assert table.loc["OURS", "paper_seconds"] == 2.89


def test_costs_that_do_not_fit_are_named(evaluation_of: Make) -> None:
    """Two machines, or too few steps: one line."""
    rows = against(evaluation_of())
    both = pd.concat([costs(), costs().assign(hardware="another")])

    with pytest.raises(EvaluationError, match="2 models and machines"):
        seconds_per_image(rows, both)
    with pytest.raises(EvaluationError, match="costs of 1 to 42 steps"):
        seconds_per_image(rows, costs().query("num_steps <= 42"))


def test_scores_of_permutations_are_averaged_and_sizes_must_agree() -> None:
    """Two replicates give one row; sets of two sizes are refused."""
    table = sets(scores()).set_index("rule")

    assert table.loc["PERMUTED", "fid_scenes"] == 6.0
    assert table.loc["OURS", "paper_is"] == 27.9
    with pytest.raises(EvaluationError, match="sets of 24, 48 images"):
        sets(scores((48, 24)))


def test_stepsavers_table_has_the_papers_rows_below(evaluation_of: Make) -> None:
    """Hours are seconds times images; the paper's rows have no number of ours."""
    table = time_and_distance(against(evaluation_of()), costs(), scores()).set_index("rule")

    assert table.loc["REFERENCE", "hours"] == pytest.approx(12 * 7.0 / 3600)
    assert table.loc["OURS", "fid_scenes"] == 3.0
    assert table.loc["StepSaver RECOMMENDED", "paper_fid"] == 48.69
    assert np.isnan(table.loc["StepSaver RECOMMENDED", "hours"])


def test_the_command_writes_every_table_and_figure(tmp_path: Path, evaluation_of: Make) -> None:
    """From four tables: five tables as CSV, Markdown and LaTeX, three figures in three formats, one page."""
    for name, frame, schema in (
        ("evaluation", evaluation_of(), EVALUATION), ("costs", costs(), COST), ("scores", scores(), SCORE)
    ):  # fmt: skip
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        write_table(tmp_path / f"{name}.parquet", rows, schema)
    predictions().to_parquet(tmp_path / "predictions.parquet")
    options = [f"--{name}={tmp_path / name}.parquet" for name in ("costs", "scores", "predictions")]
    done = CliRunner().invoke(
        analyze, ["paper", str(tmp_path / "evaluation.parquet"), *options, "--out", str(tmp_path / "out")]
    )

    assert done.exit_code == 0, done.output
    tables, figures = ({path.name for path in (tmp_path / "out" / part).iterdir()} for part in ("tables", "figures"))
    for name in ("table-1", "table-2", "equation-9", "figure-8b", "stepsaver", "sets"):
        assert {f"{name}.csv", f"{name}.md", f"{name}.tex"} <= tables
    for name in ("figure-12", "figure-8a", "figure-8b"):
        assert {f"{name}.svg", f"{name}.pdf", f"{name}.png", f"{name}.csv"} <= figures
    assert "paper" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")

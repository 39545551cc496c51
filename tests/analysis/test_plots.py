"""Figures: the data drawn, the words on them, the same bytes each time."""

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis import plots
from analysis.efficiency import efficiency
from analysis.rates import Estimate, Interval, per_participant

PAIR = ("OURS", "REFERENCE")
POOLED = Estimate(0.6, 0.02, Interval(0.55, 0.65, 0.95, "by hand"), 60)


@pytest.fixture
def people() -> pd.DataFrame:
    """Three participants: 0, 10 and 20 of 20."""
    trials = pd.DataFrame(
        {"participant": np.repeat(["a", "b", "c"], 20), "selected": [0] * 20 + [0, 1] * 10 + [1] * 20}
    )
    return per_participant(trials)


def words(figure: Figure) -> str:
    """Return every text on a figure."""
    axes = [text.get_text() for panel in figure.axes for text in panel.texts]
    legends = [panel.get_legend().get_title().get_text() for panel in figure.axes if panel.get_legend()]
    return " | ".join([*axes, *legends, *(text.get_text() for text in figure.texts)])


def draw(people: pd.DataFrame, pair: tuple[str, str] = PAIR, *, width: float = plots.TWO_COLUMNS) -> plots.Drawn:
    """Draw the selection rates."""
    return plots.selection_rates([plots.Shown(people, POOLED, pair, 20)], width=width)


def test_bars_hold_every_participant_once(people: pd.DataFrame) -> None:
    """0 % is in the first bar, 50 % in the one that starts at 50, 100 % in the last."""
    bars = draw(people)[1]

    assert bars.loc[bars["participants"] > 0, "low"].tolist() == [0, 50, 95]
    assert (bars["high"] - bars["low"]).unique().tolist() == [5]
    assert bars["participants"].sum() == len(people)


def test_expected_bars_are_binomial(people: pd.DataFrame) -> None:
    """What chance alone gives sums to the participants and has the mean that all share."""
    bars = plots.histogram(people, 0.6)

    assert bars["expected"].sum() == pytest.approx(3)
    assert (bars["low"] * bars["expected"]).sum() / 3 == pytest.approx(60, abs=0.01)


def test_lines_are_named_on_the_figure(people: pd.DataFrame) -> None:
    """Chance, the 1-JND line, the mean with its interval, and n stand on the plot."""
    text = words(draw(people)[0])

    for part in (
        "chance",
        "1 JND below reference",
        "mean 60.0 %, 95 % CI [55.0, 65.0]",
        "3 participants",
        "20 prompts",
    ):
        assert part in text
    assert "1 JND below UNIFORM" in words(draw(people, ("OURS", "UNIFORM"))[0])


def test_bots_are_stamped(people: pd.DataFrame) -> None:
    """SIMULATED is written across a figure that is stamped, and only there."""
    figure, _ = draw(people)
    assert "SIMULATED" not in words(figure)
    plots.stamp(figure)
    assert "SIMULATED" in words(figure)


@pytest.mark.parametrize("width", [plots.ONE_COLUMN, plots.TWO_COLUMNS])
def test_widths_are_a_journals(people: pd.DataFrame, width: float) -> None:
    """A figure is one or two columns wide."""
    assert draw(people, width=width)[0].get_figwidth() == width


def test_several_studies_have_a_panel_each(people: pd.DataFrame) -> None:
    """Figure 9 shows two studies above one another, and its data name them."""
    shown = [plots.Shown(people, POOLED, ("OURS", other), 20) for other in ("UNIFORM", "REFERENCE")]
    figure, data = plots.selection_rates(shown)

    assert len(figure.axes) == 2
    assert data.groupby("comparison")["participants"].sum().to_dict() == {"OURS v UNIFORM": 3, "OURS v REFERENCE": 3}


def test_efficiency_draws_levels_and_differences(evaluation_of: Callable[..., pd.DataFrame]) -> None:
    """Four rules and two differences in three qualities, as in the tables."""
    result = efficiency(evaluation_of())
    figure, data = plots.efficiency(result)

    assert data.groupby("panel").size().to_dict() == {"difference": 6, "quality": 12}
    assert data["value"].tolist() == [*result.quality["mean"], *result.differences["difference"]]
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels[0].startswith("OURS (")


def test_steps_count_prompts() -> None:
    """One bar for each number of steps."""
    budgets = pd.DataFrame({"prompt": list("abc"), "first": [6, 6, 9], "second": [7, 7, 7]})
    figure, data = plots.steps(budgets, ("OURS", "UNIFORM"))

    assert data.to_dict("list") == {"num_steps": [6, 9], "prompts": [2, 1]}
    assert "UNIFORM: 7" in words(figure)


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_figures_are_the_same_bytes(tmp_path: Path, people: pd.DataFrame, kind: str) -> None:
    """Drawn and saved twice, a figure has the same bytes, with no date in it."""
    for name in ("a", "b"):
        plots.save(draw(people)[0], tmp_path / f"{name}.{kind}")
    content = (tmp_path / f"a.{kind}").read_bytes()

    assert content == (tmp_path / f"b.{kind}").read_bytes()
    assert not any(word in content for word in (b"dc:date", b"CreationDate"))


def test_settings_stay_as_they_were(people: pd.DataFrame) -> None:
    """Drawing leaves matplotlib's settings alone."""
    before = dict(matplotlib.rcParams)
    draw(people)

    assert dict(matplotlib.rcParams) == before

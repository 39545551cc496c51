"""Scales, thresholds and power as files: each table as CSV, each figure as SVG beside the data that it draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import plots, power_plots, scaling_plots, threshold_plots
from analysis.contrasts import contrasts, places
from analysis.errors import LevelsError
from analysis.exclude import exclude, one_mode
from analysis.hierarchy import Hierarchy, hierarchy
from analysis.load import read_source
from analysis.pairs import decided, pairs_of
from analysis.plan import read_plan
from analysis.plots import Drawn
from analysis.scaling import Model, Prior, Scale, scale
from analysis.screening import FEWEST, screen
from analysis.thresholds import Options, Thresholds, detections, thresholds
from budgetfusion.files import write_text
from budgetfusion.measurements import COST, read_table

ALL = "all"
"""The scale of every comparison together."""


@dataclass(frozen=True)
class Rows:
    """Choices of one mode, after the plan's exclusions if there is a plan."""

    frame: pd.DataFrame
    simulated: bool


@dataclass(frozen=True)
class Scales:
    """Scales by the name of their group, and each participant's screening score (none with fewer than three)."""

    scales: Mapping[str, Scale]
    screening: pd.DataFrame | None
    simulated: bool


@dataclass(frozen=True)
class Found:
    """Thresholds, what the axis is, and the hierarchical curve where groups were asked for."""

    thresholds: Thresholds
    hierarchy: Hierarchy | None
    x_name: str
    simulated: bool


def read_rows(choices: Path, plan: Path | None) -> Rows:
    """Read choices of any format that `analysis.load` knows; without a plan nobody is excluded."""
    frame = read_source(choices).frame
    rows, mode, _ = one_mode(frame)
    kept = rows if plan is None else exclude(frame, read_plan(plan).rules)[0]
    return Rows(kept, mode == "bot")


def make_scales(rows: Rows, model: Model, prior: Prior, *, by: str | None, position: bool) -> Scales:
    """Scale all comparisons together and, if asked to, those of each group by themselves."""
    main = decided(rows.frame)
    parts = {ALL: main} | ({str(name): part for name, part in main.groupby(by, sort=True)} if by else {})
    found = {name: scale(pairs_of(part), model, prior, position=position) for name, part in parts.items()}
    screened = screen(main, by) if main["participant"].nunique() >= FEWEST else None
    return Scales(found, screened, rows.simulated)


def write_scales(made: Scales, out: Path, level: float) -> list[Path]:
    """Write places, contrasts and screening with their figures; return the files."""
    tables = {name: places(found, level) for name, found in made.scales.items()}
    named = {f"{name} ({found.n_choices:.0f} choices)": tables[name] for name, found in made.scales.items()}
    pairs = {name: contrasts(found, level) for name, found in made.scales.items()}
    every = pd.concat([table.assign(group=name) for name, table in pairs.items()], ignore_index=True)
    drawn = {"places": scaling_plots.places(named, level)}
    drawn["triangle"] = scaling_plots.triangle(tables[ALL]["condition"].tolist(), pairs[ALL])
    if made.screening is not None:
        drawn["screening"] = scaling_plots.screening(made.screening)
    return [_table(out / "contrasts.csv", every), *_figures(drawn, out, simulated=made.simulated)]


def levels(
    rows: Rows, reference: str, against: str, cost: Path | None, at: Mapping[str, float]
) -> tuple[dict[str, float] | None, str]:
    """Return the level of each condition (none: its steps) and what the levels are.

    Args:
        rows: The choices.
        reference: The condition that needs no level.
        against: 'steps', 'tflop' (of the steps, by the cost table) or 'name' (the number that ends a condition's name).
        cost: The cost table, for 'tflop'.
        at: Levels that are given, by condition; they go before all else.

    Raises:
        LevelsError: If a condition has no level.
        FileContentError: If the cost table cannot be read.
    """
    if against == "steps" and not at:
        return None, "denoising steps"
    sides = [rows.frame[[f"{s}_condition", f"{s}_num_steps"]].set_axis(["name", "steps"], axis=1) for s in _SIDES]
    known = pd.concat(sides).drop_duplicates()
    known = known[known["name"] != reference]
    found = dict(at)
    if against == "tflop" and cost is not None:
        table = pd.DataFrame(read_table(cost, COST)).groupby("num_steps")["tflop"].mean()
        if known.groupby("name")["steps"].nunique().gt(1).any():
            raise LevelsError(["conditions whose steps differ between prompts"])
        by_steps = known.set_index("name")["steps"].map(table)
        found = by_steps.dropna().astype(float).to_dict() | found
    elif against == "name":
        ends = known["name"].str.extract(r"(-?\d+(?:\.\d+)?)$")[0].astype(float).set_axis(known["name"])
        found = ends.dropna().to_dict() | found
    absent = sorted(set(known["name"]) - set(found))
    if absent:
        raise LevelsError(absent)
    return found, {"tflop": "TFLOP of an image", "name": "level of the condition"}.get(against, "level")


_SIDES = ("left", "right")


def find_thresholds(
    rows: Rows,
    reference: str,
    given: tuple[dict[str, float] | None, str],
    by: str | None,
    options: Options,
    other: bool,
) -> Found:
    """Fit the curves of all trials and of each group, and the hierarchical one over the groups."""
    trials = detections(rows.frame, reference, given[0], of_other=other)
    whole = hierarchy(trials, by, options) if by and trials[by].nunique() > 1 else None
    return Found(thresholds(trials, by, options), whole, given[1], rows.simulated)


def write_thresholds(found: Found, out: Path) -> list[Path]:
    """Write the table, the curves and, for groups, their panels and a caterpillar; return the files."""
    drawn = {"curve": threshold_plots.curve(found.thresholds, found.x_name)}
    if len(found.thresholds.table) > 1:
        drawn["panels"] = threshold_plots.panels(found.thresholds, found.x_name)
        drawn["caterpillar"] = threshold_plots.caterpillar(found.thresholds, found.x_name)
    tables = [_table(out / "thresholds.csv", found.thresholds.table), _table(out / "bands.csv", found.thresholds.bands)]
    return [*tables, *_figures(drawn, out, simulated=found.simulated)]


def write_contours(table: pd.DataFrame, target: float, out: Path) -> list[Path]:
    """Write the figure of planning and its grid; return the files."""
    return _figures({"power": power_plots.contours(table, target)}, out, simulated=False)


def _figures(drawn: Mapping[str, Drawn], out: Path, *, simulated: bool) -> list[Path]:
    for name, (figure, data) in drawn.items():
        if simulated:
            plots.stamp(figure)
        plots.save(figure, out / f"{name}.svg")
        write_text(out / f"{name}.csv", data.to_csv(index=False))
    return [out / f"{name}.svg" for name in drawn]


def _table(path: Path, table: pd.DataFrame) -> Path:
    write_text(path, table.to_csv(index=False))
    return path

"""The answers about one comparison, in the order of an analyst's questions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis import flow_plots, plots, rate_plots
from analysis.control_sections import control_blocks
from analysis.document import Block, Bullets, Column, Picture, Section, Table, Text, bare_p, column, percents, spans
from analysis.findings import Findings
from analysis.jnd import rate
from analysis.plots import Drawn, Shown
from analysis.prose import apa
from analysis.rates import Estimate, Rate
from analysis.rounding import number, percent, span
from analysis.spread_sections import spread_blocks


def sections(found: Findings) -> tuple[Section, ...]:
    """Return the sections about one comparison."""
    first, second = found.compare
    return (
        Section("Who chose?", _who(found)),
        Section(f"How often was {first} chosen over {second}?", _rate(found)),
        Section("What may be claimed?", _claims(found)),
        Section("Does it hang on the analysis?", _ways(found)),
        Section("Do participants and prompts differ?", spread_blocks(found)),
        Section("Did they look, and only at the images?", control_blocks(found)),
    )


def picture(name: str, drawn: Drawn, caption: str, alt: str) -> Picture:
    """Return a figure with its data as a block; its caption says where the data lie."""
    return Picture(name, *drawn, caption, alt)


def rates_picture(found: Sequence[Findings]) -> Picture:
    """Return figure 9: a histogram of the participants' rates for each comparison."""
    shown = [Shown(f.people, f.kept.pooled, f.compare, f.kept.n_prompts) for f in found]
    margin = rate(-found[0].verdict.margin_jnd)
    level = f"{100 * found[0].level:g} %"
    n = "; ".join(
        f"{f.compare[0]} v {f.compare[1]}: {f.kept.n_participants} participants, {f.kept.n_prompts} prompts, "
        f"{f.kept.n_choices} choices"
        for f in found
    )
    words = (
        "Each participant’s selection rate in bars of 5 percentage points; ticks below are participants. Dot and "
        f"whisker: mean over choices with {level} CI ({found[0].kept.pooled.interval.estimator}). Grey outline: what "
        f"chance alone would give if everybody shared the mean. n: {n}."
    )
    alt = "; ".join(f"the mean for {f.compare[0]} is {_mean(f.kept.pooled)} percent" for f in found)
    drawn = plots.selection_rates(shown, margin=margin)
    return picture("selection-rates", drawn, words, f"Histogram of participants' selection rates; {alt}.")


def _who(found: Findings) -> tuple[Block, ...]:
    flow = found.flow
    blocks: list[Block] = [Text(words) for words in found.observers]
    blocks += [
        Text(f"{count} choices of mode {mode} were left out: modes are never mixed.", "note")
        for mode, count in flow.dropped_modes.items()
    ]
    if flow.second_sessions:
        words = f"{flow.second_sessions} choices of second sessions were left out: whoever came twice knew the images."
        blocks.append(Text(words, "note"))
    if flow.flagged_trials:
        blocks.append(Text(f"{flow.flagged_trials} choices were left out for their flags.", "note"))
    caption = (
        "Flow of participants. The rules see response times, catch trials and the side that was answered, never "
        "which condition was on it."
    )
    blocks.append(picture("flow", flow_plots.flow(flow), caption, "Flow of participants."))
    if flow.without_catch:
        words = "answered no catch trial, so the catch rule could not judge them."
        blocks.append(Text(f"{flow.without_catch} of the participants analysed {words}", "note"))
    return tuple(blocks)


def _rate(found: Findings) -> tuple[Block, ...]:
    ends, flow = found.kept.pooled.interval, found.flow
    blocks: list[Block] = [_rates_table(found)]
    if "Wilson" in ends.estimator:
        blocks.append(Text(f"No cluster varied, so the default gives no interval; shown is {ends.estimator}.", "note"))
    facts = [
        f"**SD, SE and CI are three things.** Participants differ with an SD of {percent(found.kept.sd)} percentage "
        f"points; the SE of the mean is {percent(found.kept.pooled.se, found.kept.pooled.se)}; its "
        f"{100 * found.level:g} % CI is {span(ends.low, ends.high, 100)} %.",
        f"**Undecided**: {found.kept.n_ties} ties and {found.kept.n_skips} skips.",
    ]
    if found.n_items:
        shown = f" ({found.n_identical_trials} were shown)" if found.n_identical_trials else ""
        facts.append(
            f"**Identical pairs**: {found.n_identical} of {found.n_items + found.n_identical} items have the same "
            f"pixels under both conditions. They are no main trials{shown}; the rate speaks only of the "
            f"{found.n_items} items that differ."
        )
    if flow.found == len(flow.kept):
        facts.append("**Nobody was excluded**, so both rows of choices are the same.")
    return (*blocks, Bullets(tuple(facts)), _scales_table(found))


def _claims(found: Findings) -> tuple[Block, ...]:
    drawn = rate_plots.claims(found.kept.pooled, found.verdict, found.compare, lapse=found.lapse_bound)
    level = f"{100 * found.level:g} %"
    caption = (
        f"The selection rate with its {level} CI against chance, the margin of ‘not worse’, and (dotted) that margin "
        "with as many careless answers as the catch trials allow. A claim holds where the whole interval lies on one "
        f"side of its line. n = {found.kept.n_participants} participants, {found.kept.n_choices} choices."
    )
    tests = found.verdict.tests
    table = Table(
        "claims",
        "Claims, one-sided. The first two nulls are nested, so both may be tested at one level. The nulls of the last "
        "two move towards 50 % with the careless answers that the catch trials allow.",
        (
            column("claim", tests["claim"]),
            column("null hypothesis", tests["null"]),
            column("t", tests["t"], lambda t: number(t, otherwise=2)),
            column("df", tests["df"], lambda df: number(df, otherwise=0)),
            column("p", tests["p_value"], bare_p),
            column("holds", tests["holds"]),
        ),
        tests,
    )
    flip = found.verdict.flip_jnd
    words = _flip(found.verdict.corrected_low, flip)
    said = Bullets(apa(found))
    return (
        Text(found.verdict.sentence, "strong"),
        picture("claims", drawn, caption, "The interval against its lines."),
        table,
        Text(words),
        Text("In the words of a paper:"),
        said,
    )


def _flip(low: float, flip: float) -> str:
    if not np.isfinite(flip):
        return "Without an interval, or without catch trials, there is no margin at which ‘not worse’ is sure to hold."
    if flip >= 0:
        return "The lower end of the interval lies above 50 % even without the careless answers."
    return (
        f"‘Not worse’ would flip at a margin of {number(-flip, otherwise=2)} JND below ({percent(low)} %): the lower "
        "end of the interval without the careless answers."
    )


def _ways(found: Findings) -> tuple[Block, ...]:
    margin = rate(-found.verdict.margin_jnd)
    table, level = found.estimators, f"{100 * found.level:g} %"
    specified = found.specifications
    n = f"n = {found.kept.n_participants} participants, {found.kept.n_choices} choices."
    forest = rate_plots.forest(table, found.compare, margin=margin)
    curve = flow_plots.specification_curve(specified, found.compare, margin=margin)
    above = (specified["low"] > 0.5).mean() if len(specified) else np.nan
    return (
        picture("estimators", forest, f"The selection rate by each estimator with its {level} CI. {n}", "Estimators."),
        Table(
            "estimators",
            f"The selection rate by each estimator, in percent, with its standard error, {level} CI and two-sided "
            "test against 50 %.",
            (
                column("estimator", table["estimator"]),
                column("speaks of", table["speaks_of"]),
                percents("mean", table["mean"], table["se"]),
                percents("SE", table["se"], table["se"]),
                spans(f"{level} CI", table, 100),
                column("p", table["p_value"], bare_p),
                column("note", table["note"]),
            ),
            table,
            frozenset({0}),
        ),
        picture(
            "specifications",
            curve,
            f"Specification curve: the rate with its {level} CI under every set of exclusions, rule for ties and "
            f"estimator. {100 * above:.0f} % of {len(specified)} intervals lie above 50 %.",
            "Specification curve.",
        ),
    )


def _rates_table(found: Findings) -> Table:
    rows = [
        (who, name, estimate, n)
        for who, part in (("after exclusions", found.kept), ("everybody", found.everybody))
        for name, estimate, n in _both(part)
    ]
    data = pd.DataFrame(
        [(who, name, e.mean, e.se, e.interval.low, e.interval.high, e.n) for who, name, e, _ in rows],
        columns=["choices", "estimator", "mean", "se", "low", "high", "n"],
    )
    columns = (
        column("choices", data["choices"]),
        column("estimator", data["estimator"]),
        percents("mean", data["mean"], (data["high"] - data["low"]) / 2),
        percents("SE", data["se"], data["se"]),
        spans(f"{100 * found.level:g} % CI", data, 100),
        Column("n", tuple(n for *_, n in rows)),
    )
    caption = f"Selection rate of {found.compare[0]} over {found.compare[1]} in decided main trials, in percent."
    return Table("rates", caption, columns, data, frozenset({0}))


def _both(part: Rate) -> list[tuple[str, Estimate, str]]:
    return [
        ("all choices alike, cluster-robust", part.pooled, f"{part.n_choices} choices"),
        ("participants alike, t", part.by_participant, f"{part.n_participants} participants"),
    ]


def _scales_table(found: Findings) -> Table:
    table = found.scales
    return Table(
        "scales",
        f"The selection rate on other scales, with the {100 * found.level:g} % CI; the ends of the interval are "
        "transformed.",
        (
            column("scale", table["scale"]),
            Column("value", tuple(number(r.value, (r.high - r.low) / 2, 2) for r in table.itertuples())),
            spans(f"{100 * found.level:g} % CI", table, 1),
        ),
        table,
    )


def _mean(estimate: Estimate) -> str:
    return percent(estimate.mean, estimate.interval.half_width)

"""The answer to: did they look, and did anything but the images move them."""

import pandas as pd

from analysis import model_plots
from analysis.document import Block, Column, Picture, Table, Text, bare_p, column, percents, spans
from analysis.findings import Findings
from analysis.rates import Estimate
from analysis.rounding import number, percent


def control_blocks(found: Findings) -> tuple[Block, ...]:
    """Return the answer to: did they look, and only at the images."""
    parts = found.controls
    rows = [
        ("left side chosen", parts.left, "choices", "50: no side preferred"),
        ("same choice on repeat", parts.repeats, "participants", "100: consistent; 50: guessing"),
        ("catch trials right", parts.catch, "participants", "100: attentive; 50: guessing"),
    ]
    data = pd.DataFrame(
        [(name, *_numbers(estimate), ideal) for name, estimate, _, ideal in rows],
        columns=["control", "rate", "low", "high", "n", "without_fault"],
    )
    table = Table(
        "controls",
        f"Controls after exclusions, in percent, with {100 * found.level:g} % CI: two-way cluster-robust for the side, "
        "t over participants (Wilson where all agree) for the others.",
        (
            column("control", data["control"]),
            percents("rate", data["rate"], (data["high"] - data["low"]) / 2),
            spans(f"{100 * found.level:g} % CI", data, 100),
            Column("n", tuple(f"{e.n} {unit}" if e else "none" for _, e, unit, _ in rows)),
            column("without fault", data["without_fault"]),
        ),
        data,
    )
    drawn = model_plots.sides(found.sides, found.compare)
    caption = (
        "Each participant’s use of the sides against the preference; the band holds 95 % of people without a side."
    )
    return (
        table,
        Text(_careless(found)),
        *_bias(found),
        Picture("sides", *drawn, caption, "Side chosen against condition chosen."),
    )


def _bias(found: Findings) -> tuple[Block, ...]:
    contrasts = found.halves
    table = Table(
        "halves",
        "Within participants: how the selection rate differs between halves of the trials, in percentage points.",
        (
            column("contrast", contrasts["contrast"]),
            percents("difference", contrasts["difference"], contrasts["se"]),
            spans(f"{100 * found.level:g} % CI", contrasts, 100),
            column("p", contrasts["p_value"], bare_p),
            column("participants", contrasts["participants"], lambda n: number(n, otherwise=0)),
        ),
        contrasts,
    )
    if found.bias is None:
        return (table,)
    fixed = found.bias.fixed.iloc[1:].reset_index(drop=True)
    meaning = {
        "side": "on the left against on the right",
        "order": "last trial against first",
        "previous": "on the side chosen just before against on the other",
    }
    model = Table(
        "bias-model",
        f"What moves a choice beside the images: log-odds of choosing {found.compare[0]} in the mixed model with "
        "crossed intercepts and a side slope of each participant.",
        (
            column("effect", fixed["term"]),
            column("of the first condition", [meaning[term] for term in fixed["term"]]),
            Column("estimate", tuple(number(e, se) for e, se in zip(fixed["estimate"], fixed["se"], strict=True))),
            column("SE", fixed["se"], lambda se: number(se, se)),
            spans(f"{100 * found.level:g} % CI", fixed, 1),
            column("p", fixed["p_value"], bare_p),
        ),
        found.bias.fixed,
    )
    return model, table


def _careless(found: Findings) -> str:
    if found.lapse_bound >= 1:
        return (
            "There are too few catch trials to say how many answers were given without looking; a claim that a "
            "difference is small cannot rest on them."
        )
    return (
        f"Up to {percent(found.lapse_bound)} % of answers may have been given without looking, by the catch trials of "
        "everybody, since those kept were kept by these very trials. Such answers pull every rate to 50 %."
    )


def _numbers(estimate: Estimate | None) -> tuple[float, ...]:
    if estimate is None:
        return (*[float("nan")] * 3, 0)
    return estimate.mean, estimate.interval.low, estimate.interval.high, estimate.n

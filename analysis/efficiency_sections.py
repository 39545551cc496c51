"""The answer to: is the budget well spent. Tables of the evaluation, as `analysis.efficiency` makes them."""

import pandas as pd

from analysis import plots
from analysis.document import Block, Bullets, Column, Picture, Section, Table, Text, column
from analysis.efficiency import QUALITIES, RESAMPLES, Efficiency
from analysis.rounding import number, percent, plus_minus, signed, span

AVERAGES = {"ratio_of_means": "ratio of means", "mean_of_ratios": "mean of ratios"}
NOTHING = (
    "No evaluation was given, so there is nothing to say about efficiency. Make one with `budgetfusion evaluate`, then "
    "run `budgetfusion analyze report` again with `--evaluation FILE`."
)
PAPER = Section(
    "What the paper reports",
    (
        Text("Quoted from arXiv:2412.05780, not found here, and about another model and other people.", "quiet"),
        Bullets(
            (
                "OURS was chosen over UNIFORM in 60.3 ± 3.9 % of trials (72 participants).",
                "OURS was chosen over REFERENCE in 35.2 ± 8.4 % of trials (78 participants). 35.2 % is **above** the "
                "1-JND line of 25 %, that is, within 1 JND below REFERENCE. The paper does not say whether its “±” is "
                "an SD, an SE or a CI.",
                "OURS gains 7.8 to 9.5 % over UNIFORM in quality per TFLOP (its Table 2). That is a mean of per-prompt "
                "ratios, which by Jensen’s inequality rewards any budget that varies.",
            )
        ),
    ),
    "aside",
)


def efficiency_section(found: Efficiency | None, *, same_model: bool) -> Section:
    """Return the section on efficiency; without an evaluation it says how to make one.

    Args:
        found: Result of `efficiency.efficiency`, or none.
        same_model: Whether the evaluation was made with the study's model and settings.
    """
    if found is None:
        return Section("Is the budget well spent?", (Text(NOTHING, "note"),))
    level = f"{100 * found.level:g} %"
    n = f"n = {found.n_prompts} prompts, {found.n_seeds} seed{'s' if found.n_seeds != 1 else ''} each"
    n += f", compared with {found.reference} steps"
    shuffled = f", PERMUTED the mean of {found.n_replicates} permutations" if found.n_replicates else ""
    caption = (
        f"Above: mean quality of each rule with {level} bootstrap CI over prompts. Below: OURS minus the rules of "
        f"equal cost, paired by prompt, with simultaneous {level} bootstrap CI (Bonferroni over {len(QUALITIES)} "
        f"qualities). Higher is better. {n}{shuffled}; {RESAMPLES} resamples."
    )
    other = "The evaluation was made with another model or other settings than the study’s images."
    caution: list[Block] = [] if same_model else [Text(other, "note")]
    alt = "Mean quality of each rule, and the difference of OURS to the others."
    return Section(
        "Is the budget well spent?",
        (
            Text(found.sentence, "strong"),
            *caution,
            Picture("efficiency", *plots.efficiency(found), caption, alt),
            _levels(found),
            _per_computation(found, level),
            _gains(found, level),
        ),
    )


def _levels(found: Efficiency) -> Table:
    rules, quality = found.rules, found.quality
    columns = [
        column("rule", rules["rule"]),
        Column("mean steps", _plus_minus(rules["num_steps"], rules["num_steps_se"], 2)),
        Column(found.unit, _plus_minus(rules["computation"], rules["computation_se"], 3)),
    ]
    for key, name in QUALITIES.items():
        part = quality[quality["quality"] == key].set_index("rule").loc[rules["rule"]]
        columns.append(Column(name, _plus_minus(part["mean"], part["se"], 4)))
    caption = (
        f"Steps, computation and mean quality ± SE over {found.n_prompts} prompts. REFERENCE is compared with itself, "
        "so its 1 − D-SIM and I-CLIP are 1 by construction."
    )
    data = rules.merge(quality, on="rule")
    return Table("efficiency-quality", caption, tuple(columns), data, frozenset({0}))


def _per_computation(found: Efficiency, level: str) -> Table:
    rules = found.rules["rule"].tolist()
    rows = [(average, rule) for average in AVERAGES for rule in rules]
    columns = [
        Column("average", tuple(AVERAGES[a] for a, _ in rows), False),
        Column("rule", tuple(r for _, r in rows), False),
    ]
    for key, name in QUALITIES.items():
        part = found.quality[found.quality["quality"] == key].set_index("rule")
        cells = tuple(_ratio(part.loc[rule], average) for average, rule in rows)
        columns.append(Column(name, cells))
    caption = (
        f"Quality per computation in 1e−2 per {found.unit}, by both averages, with {level} bootstrap CI over prompts. "
        "Only the ratio of means compares rules fairly: the mean of per-prompt ratios rewards any budget that varies, "
        "wherever its steps go (Jensen’s inequality)."
    )
    return Table("efficiency-per-computation", caption, tuple(columns), found.quality)


def _gains(found: Efficiency, level: str) -> Table:
    rows = [(average, rule) for average in AVERAGES for rule in found.gains["rule"].unique()]
    columns = [
        Column("average", tuple(AVERAGES[a] for a, _ in rows), False),
        Column("rule", tuple(r for _, r in rows), False),
    ]
    for key, name in QUALITIES.items():
        part = found.gains[found.gains["quality"] == key].set_index("rule")
        columns.append(Column(name, tuple(_gain(part.loc[rule], average) for average, rule in rows)))
    caption = (
        f"Gain over UNIFORM in quality per computation, in percent, with {level} bootstrap CI. What PERMUTED gains is "
        "the artefact of the average: its steps were shuffled over the prompts."
    )
    return Table("efficiency-gains", caption, tuple(columns), found.gains)


def _ratio(row: pd.Series, average: str) -> str:
    low, high = row[f"{average}_low"], row[f"{average}_high"]
    return f"{number(100 * row[average], 50 * (high - low), 3)} {span(low, high, 100)}"


def _gain(row: pd.Series, average: str) -> str:
    low, high = row[f"{average}_low"], row[f"{average}_high"]
    return f"{signed(percent(row[average], (high - low) / 2))} {span(low, high, 100)}"


def _plus_minus(values: pd.Series, errors: pd.Series, otherwise: int) -> tuple[str, ...]:
    return tuple(plus_minus(value, error, otherwise) for value, error in zip(values, errors, strict=True))

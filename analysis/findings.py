"""Everything a study says, from tidy frames to one frozen record; the report only writes it down."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.bias import Controls, bias_model, caught, controls, halves, lapse_bound, side_bias
from analysis.efficiency import Efficiency, efficiency
from analysis.estimators import estimators, rate_model
from analysis.exclude import Flow, exclude, first_sessions, one_mode
from analysis.glmm import Glmm
from analysis.heterogeneity import BetaBinomial, betabinomial, overdispersion
from analysis.jnd import Verdict, scales, verdict
from analysis.plan import AnalysisPlan
from analysis.rates import Rate, main_trials, per_group, selection_rate
from analysis.reliability import reliability
from analysis.specification import specifications
from stimuli.manifest import UNBLINDED, Manifest

OBSERVERS = {
    "simulated-perceived": "SIMULATED observers that see the rendered images through an image metric: the images "
    "decide what they choose, but no person looked. This shows that the pipeline works, not what people see.",
    "simulated-planted": "SIMULATED observers with a planted preference that was decided beforehand: a recovery test "
    "only. The images play no part, so this says nothing about them.",
}
PEOPLE = {
    "live": "People, in the live study.",
    "pilot": "People, in a PILOT: not the study itself.",
    "preview": "Whoever previewed the study: a REHEARSAL, not a result.",
}
UNKNOWN_BOTS = "SIMULATED observers; their kind is not recorded in the choices."


@dataclass(frozen=True)
class Findings:
    """The results of one comparison: one study, or one pair of its conditions.

    `unblinded` says that somebody looked at the conditions before the study was closed.
    `kept` and `everybody` are the selection rates with and without exclusions. `people` and `prompts` hold one row for
    each (see `rates.per_group`), `estimators`, `scales`, `sides`, `halves`, `reliability` and `specifications` the
    tables of the functions of that name. `model` has crossed intercepts alone, `bias` side, order and carry-over too;
    none where a model cannot be fitted. `lapse_bound` is the upper bound, in [0, 1], on the share of answers given
    without looking, from everybody's catch trials.
    """

    compare: tuple[str, str]
    level: float
    simulated: bool
    unblinded: bool
    observers: tuple[str, ...]
    flow: Flow
    kept: Rate
    everybody: Rate
    people: pd.DataFrame
    prompts: pd.DataFrame
    estimators: pd.DataFrame
    scales: pd.DataFrame
    verdict: Verdict
    phi: float
    betabinomial: BetaBinomial
    model: Glmm | None
    controls: Controls
    lapse_bound: float
    sides: pd.DataFrame
    bias: Glmm | None
    halves: pd.DataFrame
    reliability: pd.DataFrame
    specifications: pd.DataFrame
    n_items: int
    n_identical: int
    n_identical_trials: int
    budgets: pd.DataFrame
    efficiency: Efficiency | None


def analyse(
    choices: pd.DataFrame,
    compare: tuple[str, str],
    plan: AnalysisPlan,
    *,
    manifest: Manifest | None = None,
    evaluation: pd.DataFrame | None = None,
) -> Findings:
    """Return the findings about two conditions under a plan that was made beforehand.

    Args:
        choices: Rows with the columns of a choice.
        compare: The condition that is counted, and the one it was compared with.
        plan: Of the analysis.
        manifest: The material the choices are about, or none.
        evaluation: Result of `load.read_evaluation`, or none.

    Raises:
        NoChoicesError: If nothing is left to analyse.
        EvaluationError: If the evaluation cannot be compared.
    """
    rows, flow = exclude(choices, plan.rules)
    trials = main_trials(rows, compare, plan.rules.ties)
    everyone = first_sessions(one_mode(choices)[0])
    kept, everybody = (_rate(table, compare, plan) for table in (rows, everyone))
    careless = lapse_bound(caught(everyone), plan.level)  # of everybody: those kept were kept by these very trials
    return Findings(
        compare=compare,
        level=plan.level,
        simulated=flow.mode == "bot",
        unblinded=UNBLINDED in flags_of(everyone),
        observers=observers(everyone) if flow.mode == "bot" else (PEOPLE[flow.mode],),
        flow=flow,
        kept=kept,
        everybody=everybody,
        verdict=_verdict(kept, careless, compare, plan),
        controls=controls(rows, compare, plan.level),
        lapse_bound=careless,
        scales=scales(kept.pooled),
        specifications=specifications(choices, compare, plan),
        n_identical_trials=int((rows["purpose"] == "identical").sum()),
        efficiency=None if evaluation is None else efficiency(evaluation, level=plan.level, seed=plan.rules.seed),
        **_of_trials(trials, plan),
        **_of_material(manifest, compare),
    )


def _rate(rows: pd.DataFrame, compare: tuple[str, str], plan: AnalysisPlan) -> Rate:
    return selection_rate(rows, compare, plan.level, ties=plan.rules.ties, clusters=plan.clusters)


def _verdict(kept: Rate, careless: float, compare: tuple[str, str], plan: AnalysisPlan) -> Verdict:
    rules = plan.rules
    return verdict(kept.pooled, careless, *compare, margin_jnd=rules.margin_jnd, equivalence_jnd=rules.equivalence_jnd)


def _of_trials(trials: pd.DataFrame, plan: AnalysisPlan) -> dict[str, Any]:
    """Return what is found from the counted trials alone."""
    level = plan.level
    people, prompts = (per_group(trials, by, level) for by in ("participant", "prompt"))
    counts = [people[name].to_numpy(np.float64) for name in ("selected", "n")]
    model = rate_model(trials, level)
    chance: dict[str, Any] = {"replicates": plan.rules.replicates, "seed": plan.rules.seed, "level": level}
    return {
        "people": people,
        "prompts": prompts,
        "estimators": estimators(trials, clusters=plan.clusters, model=model, **chance),
        "phi": overdispersion(*counts),
        "betabinomial": betabinomial(*counts),
        "model": model,
        "sides": side_bias(trials),
        "bias": bias_model(trials, level),
        "halves": halves(trials, level),
        "reliability": reliability(trials, model=model, **chance),
    }


def _of_material(manifest: Manifest | None, compare: tuple[str, str]) -> dict[str, Any]:
    """Return what the material says of the two conditions."""
    items = [item for item in manifest.items if set(compare) <= set(item.stimuli)] if manifest else []
    return {
        "n_items": sum(item.purpose == "main" for item in items),
        "n_identical": sum(item.purpose == "identical" for item in items),
        "budgets": budgets(manifest) if manifest else pd.DataFrame(columns=["prompt", "first", "second"]),
    }


def observers(choices: pd.DataFrame) -> tuple[str, ...]:
    """Return what kinds of simulated observer made these choices, one sentence for each kind that the flags name."""
    flags = flags_of(choices)
    return tuple(words for flag, words in OBSERVERS.items() if flag in flags) or (UNKNOWN_BOTS,)


def flags_of(choices: pd.DataFrame) -> set[str]:
    """Return every flag that any of the choices has."""
    return {flag.strip() for flags in choices["flags"].unique() for flag in flags.split(",")}


def budgets(manifest: Manifest) -> pd.DataFrame:
    """Return the steps of the two compared conditions for each prompt that is judged or found identical.

    Returns:
        Columns prompt, first, second; prompts without step counts (images made elsewhere) are left out.
    """
    first, second = manifest.compare
    paired = [item for item in manifest.items if {first, second} <= set(item.stimuli)]
    judged = [item for item in paired if item.purpose in ("main", "identical")]
    rows = [(i.prompt, i.stimuli[first].num_steps, i.stimuli[second].num_steps) for i in judged]
    frame = pd.DataFrame(rows, columns=["prompt", "first", "second"]).dropna().drop_duplicates("prompt")
    return frame.astype({"first": "int64", "second": "int64"}, errors="raise").reset_index(drop=True)

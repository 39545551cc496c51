"""Everything a study says, from tidy frames to one frozen record; the report only writes it down."""

from dataclasses import dataclass

import pandas as pd

from analysis.bias import Controls, caught, controls, lapse_bound
from analysis.efficiency import Efficiency, efficiency
from analysis.exclude import Flow, exclude, one_mode
from analysis.jnd import Verdict, verdict
from analysis.rates import Rate, main_trials, per_participant, selection_rate
from stimuli.manifest import Manifest
from stimuli.studyfile import AnalysisTable

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
    """The results of one study.

    `everybody` is the selection rate without exclusions; `lapse_bound` the upper bound, in [0, 1], on the share of
    answers given without looking, from everybody's catch trials.
    """

    compare: tuple[str, str]
    level: float
    simulated: bool
    observers: tuple[str, ...]
    flow: Flow
    kept: Rate
    everybody: Rate
    people: pd.DataFrame
    verdict: Verdict
    controls: Controls
    lapse_bound: float
    n_items: int
    n_identical: int
    n_identical_trials: int
    budgets: pd.DataFrame
    efficiency: Efficiency | None


def analyse(
    choices: pd.DataFrame, manifest: Manifest, rules: AnalysisTable, evaluation: pd.DataFrame | None
) -> Findings:
    """Return the findings of a study under rules that were declared beforehand.

    Args:
        choices: Result of `load.read_choices`.
        manifest: The material the choices are about.
        rules: The study file's `[analysis]` table.
        evaluation: Result of `load.read_evaluation`, or none.

    Raises:
        NoChoicesError: If nothing is left to analyse.
        EvaluationError: If the evaluation cannot be compared.
    """
    level = 1 - rules.alpha
    trials, flow = exclude(choices, rules)
    kept = selection_rate(trials, manifest.compare, level)
    everyone = one_mode(choices)[0]
    catch = caught(everyone)["right_answer"]  # of everybody: those kept were kept by these very trials
    careless = lapse_bound(int((catch == 0).sum()), len(catch), level)
    return Findings(
        compare=manifest.compare,
        level=level,
        simulated=flow.mode == "bot",
        observers=observers(everyone) if flow.mode == "bot" else (PEOPLE[flow.mode],),
        flow=flow,
        kept=kept,
        everybody=selection_rate(everyone, manifest.compare, level),
        people=per_participant(main_trials(trials, manifest.compare), level),
        verdict=verdict(kept.pooled.interval, careless, *manifest.compare),
        controls=controls(trials, manifest.compare, level),
        lapse_bound=careless,
        n_items=sum(item.purpose == "main" for item in manifest.items),
        n_identical=sum(item.purpose == "identical" for item in manifest.items),
        n_identical_trials=int((trials["purpose"] == "identical").sum()),
        budgets=budgets(manifest),
        efficiency=None if evaluation is None else efficiency(evaluation, level=level, seed=rules.seed),
    )


def observers(choices: pd.DataFrame) -> tuple[str, ...]:
    """Return what kinds of simulated observer made these choices, one sentence for each kind that the flags name."""
    flags = {flag.strip() for flags in choices["flags"].unique() for flag in flags.split(",")}
    return tuple(words for flag, words in OBSERVERS.items() if flag in flags) or (UNKNOWN_BOTS,)


def budgets(manifest: Manifest) -> pd.DataFrame:
    """Return the steps of the two compared conditions for each prompt that is judged or found identical.

    Returns:
        Columns prompt, first, second; prompts without step counts (images made elsewhere) are left out.
    """
    first, second = manifest.compare
    judged = [item for item in manifest.items if item.purpose in ("main", "identical")]
    rows = [(i.prompt, i.stimuli[first].num_steps, i.stimuli[second].num_steps) for i in judged]
    frame = pd.DataFrame(rows, columns=["prompt", "first", "second"]).dropna().drop_duplicates("prompt")
    return frame.astype({"first": "int64", "second": "int64"}, errors="raise").reset_index(drop=True)

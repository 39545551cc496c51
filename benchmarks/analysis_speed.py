"""How fast the analysis is: ratios to what an analyst would write with pandas or statsmodels, and seconds as they are.

Ratios are interleaved in this process; seconds are those of the stated machine and stand beside their aim.
"""

import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

from analysis.bootstrap import pigeonhole
from analysis.clusters import Codes, Numbers
from analysis.contrasts import contrasts, places
from analysis.glmm import fit as fit_model
from analysis.links import PROBIT
from analysis.pairs import Pairs
from analysis.psychometric import Curves, fit
from analysis.rates import two_way
from analysis.report import write_report
from analysis.scaling import scale
from benchmarks.harness import Figure, Spread, interleaved_ratio, main, seconds

Measure = Callable[[bool], Sequence[Figure]]


def faster(name: str, peer: Callable[[], object], ours: Callable[[], object], at_least: float, *, pairs: int) -> Figure:
    """Return by how much `ours` is faster than `peer`, timed in turn."""
    found = interleaved_ratio(peer, ours, pairs=pairs)
    return Figure(
        name=f"{name} ({found.b_s.median:.3g} s v {found.a_s.median:.3g} s)",
        value=found.ratio.median,
        unit="x",
        target=at_least,
        comparison=">=",
        anchor="the same speed",
        anchor_value=1.0,
        low=found.ratio.low,
        high=found.ratio.high,
    )


def choices(n: int, people: int, prompts: int) -> tuple[Numbers, Codes, Codes]:
    """Return n choices at 60 % with the codes of their participants and prompts."""
    rng = np.random.default_rng(0)
    return (rng.random(n) < 0.6).astype(np.float64), rng.integers(0, people, n), rng.integers(0, prompts, n)


def rate(quick: bool) -> list[Figure]:
    """Time the selection rate with its two-way interval beside a pandas groupby of the same sums."""
    n, crowd = (1_000_000, 1_000) if quick else (10_000_000, 10_000)
    values, people, prompts = choices(n, crowd, 1_839)
    frame = pd.DataFrame({"participant": people, "prompt": prompts, "selected": values})

    def groupby() -> None:
        for keys in (["participant"], ["prompt"], ["participant", "prompt"]):
            frame.groupby(keys, sort=False)["selected"].agg(["sum", "count"])

    name = f"rate with two-way interval, {n:,} choices, beside pandas groupby"
    return [faster(name, groupby, lambda: two_way(values, people, prompts), 3, pairs=2 if quick else 3)]


def psychometric(quick: bool) -> list[Figure]:
    """Time batched probit fits, for each fit, beside statsmodels fitting one data set after the other."""
    levels, n, few, many = np.arange(-250.0, 101.0, 50.0), np.full(8, 20.0), 60 if quick else 200, 24_000
    rate_at = PROBIT.cdf((levels + 90) / 70)  # a participant of quickpsy's study
    k = np.random.default_rng(0).binomial(20, rate_at, size=(many, 8)).astype(np.float64)
    design, family = sm.add_constant(levels), sm.families.Binomial(sm.families.links.Probit())

    def one_by_one() -> Numbers:
        return np.array([sm.GLM(np.column_stack([row, n - row]), design, family).fit().params for row in k[:few]])

    def batched() -> Curves:
        return fit(levels, k, n, guess=0)

    peer, ours = one_by_one(), batched()
    miss = float(np.abs(ours.threshold(0.5)[:few] + peer[:, 0] / peer[:, 1]).max())
    found, scale_up = interleaved_ratio(one_by_one, batched, pairs=5 if quick else 9), many / few
    per_fit = found.b_s.median / many * 1e6, found.a_s.median / few * 1e6
    name = f"psychometric fits, {many:,} at once, for each ({per_fit[0]:.3g} us v {per_fit[1]:.3g} us)"
    ratio = Spread(*(scale_up * value for value in (found.ratio.median, found.ratio.low, found.ratio.high)))
    beside = "statsmodels GLM, one by one"
    return [
        Figure(name, ratio.median, "x", 2000, ">=", beside, 1.0, ratio.low, ratio.high),
        Figure("largest difference of their thresholds, of 70 (SD)", miss, "", 0.01, "<=", "equality", 0.0),
    ]


def scaling(quick: bool) -> list[Figure]:
    """Time scales of 14 scenes with participant-clustered intervals, quasi errors and all contrasts."""
    parts = scenes(people=29, count=14, conditions=12, choices=26_580)
    took = [seconds(lambda: [(places(found), contrasts(found)) for found in map(scale, parts)]) for _ in range(3)]
    total = sum(part.n_choices for part in parts)
    name = f"{total:,.0f} choices of 29 people, 14 scenes, scaled with clustered intervals"
    return [Figure(name, float(np.median(took)), "s", 10.0, "<=", "aim, seconds", 10.0, min(took), max(took))]


def scenes(people: int, count: int, conditions: int, choices: int) -> list[Pairs]:
    """Return simulated comparisons, nearly one of each pair by each person in each scene."""
    rng = np.random.default_rng(0)
    first, second = np.triu_indices(conditions, 1)
    each = choices // count
    parts = []
    for scene in range(count):
        person, pair = np.divmod(np.arange(each + (scene < choices % count)), len(first))
        quality = rng.normal(0, 0.8, conditions) + rng.normal(0, 0.4, (people + 1, conditions))
        chosen = rng.random(len(pair)) < PROBIT.cdf(quality[person, first[pair]] - quality[person, second[pair]])
        names = tuple(f"c{number:02}" for number in range(conditions))
        parts.append(Pairs(names, first[pair], second[pair], chosen.astype(float), np.ones(len(pair)), person))
    return parts


def bootstrap(quick: bool) -> list[Figure]:
    """Time the two-way bootstrap of 15,000 choices beside a loop over replicates in pandas."""
    replicates, looped = 2000, 40 if quick else 200
    values, people, prompts = choices(15_000, 150, 1_839)
    frame = pd.DataFrame({"participant": people, "prompt": prompts, "selected": values})

    def loop() -> Numbers:
        rng, means = np.random.default_rng(0), []
        for _ in range(looped):
            drawn = [pd.Series(np.bincount(rng.integers(0, n, n), minlength=n)) for n in (150, 1_839)]
            weight = frame["participant"].map(drawn[0]) * frame["prompt"].map(drawn[1])
            means.append(float((frame["selected"] * weight).sum() / weight.sum()))
        return np.array(means)

    def ours() -> Numbers:
        return pigeonhole(values, people, prompts, replicates=replicates, rng=np.random.default_rng(0))

    found, more = interleaved_ratio(loop, ours, pairs=3 if quick else 5), replicates / looped
    times = (found.b_s.median, found.a_s.median * more)
    name = f"two-way bootstrap, {replicates:,} replicates, 15,000 choices ({times[0]:.3g} s v {times[1]:.3g} s)"
    ratios = [ratio * more for ratio in (found.ratio.median, found.ratio.low, found.ratio.high)]
    return [Figure(name, ratios[0], "x", 8.0, ">=", "a loop in pandas", 1.0, ratios[1], ratios[2])]


def models(quick: bool) -> list[Figure]:
    """Time mixed models with crossed intercepts."""
    figures = []
    for people, aim in ((150, 2.5),) if quick else ((150, 2.5), (1_500, 60.0)):
        n = 100 * people
        _, participants, prompts = choices(n, people, 1_839)
        rng = np.random.default_rng(1)
        logit = 0.45 + rng.normal(0, 0.35, people)[participants] + rng.normal(0, 0.6, 1_839)[prompts]
        chosen = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(np.float64)
        groups = {"participant": participants.tolist(), "prompt": prompts.tolist()}
        fitting = functools.partial(fit_model, chosen, {}, groups)
        took = [seconds(fitting) for _ in range(3 if people == 150 else 1)]
        figures.append(_aimed(f"mixed model, {n:,} choices", took, aim))
    return figures


def whole_report(quick: bool) -> list[Figure]:
    """Time the whole report, figures in three formats included."""
    people = 30 if quick else 150
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "choices.csv"
        study(people).to_csv(path, index=False)
        took = [seconds(lambda: write_report(path, None, Path(folder) / "report", compare=[("OURS", "UNIFORM")]))]
    return [_aimed(f"the whole report, {100 * people:,} choices", took, 20.0)]


def study(people: int) -> pd.DataFrame:
    """Return choices of people about 100 of 1,839 prompts each, as a long table."""
    rng = np.random.default_rng(0)
    tastes, eases = rng.normal(0, 0.35, people), rng.normal(0, 0.6, 1_839)
    asked = np.argsort(rng.random((people, 1_839)), axis=1)[:, :100]
    chosen = rng.random((people, 100)) < 1 / (1 + np.exp(-(0.45 + tastes[:, None] + eases[asked])))
    left = rng.random((people, 100)) < 0.5
    columns = {
        "participant": np.repeat([f"P-{n:04}" for n in range(people)], 100),
        "prompt": [f"prompt {n}" for n in asked.ravel()],
        "left_condition": np.where(left, "OURS", "UNIFORM").ravel(),
        "right_condition": np.where(left, "UNIFORM", "OURS").ravel(),
        "response": np.where(left == chosen, "left", "right").ravel(),
        "rt_ms": rng.lognormal(7.5, 0.4, people * 100),
    }
    return pd.DataFrame(columns)


def _aimed(name: str, took: Sequence[float], aim: float) -> Figure:
    return Figure(name, float(np.median(took)), "s", aim, "<=", "aim, seconds", aim, min(took), max(took))


MEASURES: tuple[Measure, ...] = (rate, bootstrap, psychometric, scaling, models, whole_report)
"""Every part of the benchmark, in the order of its figures."""


def measure(quick: bool) -> list[Figure]:
    """Run every part."""
    return [figure for part in MEASURES for figure in part(quick)]


if __name__ == "__main__":
    main("analysis_speed", measure)

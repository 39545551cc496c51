"""How fast the analysis is: ratios to what an analyst would write with pandas or statsmodels, and seconds as they are.

Ratios are interleaved in this process; seconds are those of the stated machine and stand beside their aim.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm

from analysis.clusters import Codes, Numbers
from analysis.contrasts import contrasts, places
from analysis.links import PROBIT
from analysis.pairs import Pairs
from analysis.psychometric import Curves, fit
from analysis.rates import two_way
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
    n = 1_000_000 if quick else 10_000_000
    values, people, prompts = choices(n, 10_000, 1_839)
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


MEASURES: tuple[Measure, ...] = (rate, psychometric, scaling)
"""Every part of the benchmark, in the order of its figures."""


def measure(quick: bool) -> list[Figure]:
    """Run every part."""
    return [figure for part in MEASURES for figure in part(quick)]


if __name__ == "__main__":
    main("analysis_speed", measure)

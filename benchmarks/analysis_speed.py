"""How fast the analysis is: ratios to what an analyst would write with pandas or statsmodels, and seconds as they are.

Ratios are interleaved in this process; seconds are those of the stated machine and stand beside their aim.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.rates import Codes, Numbers, two_way
from benchmarks.harness import Figure, interleaved_ratio, main

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


MEASURES: tuple[Measure, ...] = (rate,)
"""Every part of the benchmark, in the order of its figures."""


def measure(quick: bool) -> list[Figure]:
    """Run every part."""
    return [figure for part in MEASURES for figure in part(quick)]


if __name__ == "__main__":
    main("analysis_speed", measure)

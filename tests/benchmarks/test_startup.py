"""The start-up benchmark measures what it says."""

import pytest

from benchmarks import startup
from benchmarks.harness import Comparison, Spread


def test_the_figures_are_the_time_and_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stand beside a bare import of click, which is its floor."""
    found = Comparison(ratio=Spread(1.5, 1.4, 1.6), a_s=Spread(0.06, 0.05, 0.07), b_s=Spread(0.04, 0.04, 0.05))
    monkeypatch.setattr(startup, "interleaved_ratio", lambda *_, **__: found)
    time, ratio = startup.measure(quick=True)

    assert (time.value, time.target, time.anchor_value, time.holds) == (0.06, 0.3, 0.04, True)
    assert (ratio.value, ratio.target, ratio.holds) == (1.5, 3.0, True)

"""A simulated observer: how it perceives, chooses and takes its time. Pure; it has never heard of HTTP."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

NOISE = 1 / (math.sqrt(2) * 0.6744897501960817)
"""Standard deviation of a perceived distance, JND units: in Thurstone's case V, 1 JND is chosen 75 % of the time."""

MEDIAN_RT_MS = 1800.0
SIDE_BIAS_JND = 0.1


@dataclass
class Observer:
    """One observer with its own random numbers and habits.

    Args:
        rng: Its own; observer k of a simulation has `np.random.default_rng([seed, k])`.
        lapse_rate: Share of trials answered by a coin, in [0, 1].
        side_bias: By how much the right image must be closer to seem as close as the left, JND units.
        slowness: Factor on its response times.
    """

    rng: np.random.Generator
    lapse_rate: float
    side_bias: float
    slowness: float

    def choose(self, left: float, right: float) -> Literal["left", "right"]:
        """Return the side that seems closer to the reference.

        Args:
            left: Distance of the left image to the reference, JND units.
            right: Likewise of the right image.
        """
        noise_left, noise_right = self.rng.normal(0, NOISE, size=2)
        if self.rng.random() < self.lapse_rate:
            return self.prefer("left", 0.5)
        return "left" if left + noise_left - self.side_bias < right + noise_right else "right"

    def prefer(self, side: Literal["left", "right"], probability: float) -> Literal["left", "right"]:
        """Return `side` with the given probability, else the other."""
        other: Literal["left", "right"] = "right" if side == "left" else "left"
        return side if self.rng.random() < probability else other

    def rt_ms(self) -> float:
        """Return a response time, log-normal round this observer's own median, milliseconds."""
        return float(round(MEDIAN_RT_MS * self.slowness * self.rng.lognormal(0, 0.4), 1))


def make_observer(seed: int, number: int, lapse_rate: float) -> Observer:
    """Return observer `number` of a simulation; it is the same whoever else takes part."""
    rng = np.random.default_rng([seed, number])
    return Observer(rng, lapse_rate, float(rng.normal(0, SIDE_BIAS_JND)), float(rng.lognormal(0, 0.25)))

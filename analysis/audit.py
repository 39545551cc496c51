"""What a printed result can mean: every reading of its plus-minus, and whether its words fit its numbers."""

import re
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.errors import ReportedError
from analysis.jnd import jnd, position, rate
from analysis.rounding import number, p_value

PRINTED = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*%?\s*(?:±|\+/?-)\s*(\d+(?:\.\d+)?)\s*%?\s*$")

UNLIKELY = 0.05


@dataclass(frozen=True)
class Reading:
    """One meaning of ± and what follows from it; everything in percentage points, `p` one-sided against the line.

    `sd` is the standard deviation of participants' rates, `se` that of the mean, [`low`, `high`] the interval; `phi` is
    the variance over that of coins.
    """

    means: str
    sd: float
    se: float
    low: float
    high: float
    phi: float
    t: float
    p: float
    verdict: str


@dataclass(frozen=True)
class Reported:
    """A printed 'mean ± error' of participants' rates, percent, with all its readings.

    `floor` is the standard deviation that chance alone gives, `ceiling` the largest that rates in [0, 100] % can have;
    `line` is the rate that the mean is tested against.
    """

    mean: float
    error: float
    n: int
    trials: int
    line: float
    floor: float
    ceiling: float
    readings: tuple[Reading, ...]

    def __str__(self) -> str:
        head = (
            f"{self.mean:g} ± {self.error:g} %, {self.n} participants with {self.trials} trials each: "
            f"SD at least {number(self.floor, otherwise=2)} (chance alone), at most {number(self.ceiling)} pp"
        )
        return "\n".join([head, *(self._line(reading) for reading in self.readings)])

    def _line(self, r: Reading) -> str:
        side = "above" if self.mean >= self.line else "below"
        return (
            f"± is the {r.means:9} SD {number(r.sd):>4}  SE {number(r.se, otherwise=2):>5}  "
            f"95 % CI [{number(r.low)}, {number(r.high)}]  phi {number(r.phi, otherwise=2)}  "
            f"{side} {self.line:g} %: t({self.n - 1}) = {number(r.t, otherwise=2)}, {p_value(r.p)}  {r.verdict}"
        )


def check_reported(printed: str, *, n: int, trials: int, line: float = 50.0, level: float = 0.95) -> Reported:
    """Return every reading of the ± of a mean selection rate.

    Args:
        printed: Such as '35.2 ± 8.4', percent.
        n: Participants, at least 2.
        trials: Trials of each participant, at least 1.
        line: Rate to test against, percent: 50 for chance, 25 for one JND below.
        level: Level of the interval that ± may be half of.

    Raises:
        ReportedError: If the text is no percentage with its error, or n or trials are too small.
    """
    found = PRINTED.match(printed)
    if found is None or not 0 < float(found[1]) < 100 or float(found[2]) <= 0 or n < 2 or trials < 1:
        raise ReportedError(f"{printed} (n = {n}, {trials} trials)")
    mean, error = float(found[1]), float(found[2])
    p, root = mean / 100, float(np.sqrt(n))
    quantile = float(stats.t.ppf((1 + level) / 2, n - 1))
    floor = 100 * float(np.sqrt(p * (1 - p) / trials))
    ceiling = 100 * float(np.sqrt(p * (1 - p)))
    ses = {"SD": error / root, "SE": error, f"{100 * level:g} % CI": error / quantile}
    readings = tuple(_reading(name, se, mean, n, line, quantile, floor, ceiling) for name, se in ses.items())
    return Reported(mean, error, n, trials, line, floor, ceiling, readings)


def _reading(
    means: str, se: float, mean: float, n: int, line: float, quantile: float, floor: float, ceiling: float
) -> Reading:
    sd, t = se * float(np.sqrt(n)), (mean - line) / se
    phi, p = (sd / floor) ** 2, float(stats.t.sf(abs(t), n - 1))
    low, high = mean - quantile * se, mean + quantile * se
    return Reading(means, sd, se, low, high, phi, t, p, _verdict(sd, mean / 100, phi, n, ceiling))


def _verdict(sd: float, p: float, phi: float, n: int, ceiling: float) -> str:
    """Return whether participants' rates can scatter so much or so little."""
    if sd > ceiling * np.sqrt(n / (n - 1)):
        return "impossible: rates between 0 and 100 % cannot scatter so much"
    chance = float(stats.chi2.cdf((n - 1) * phi, n - 1))
    if phi < 1 and chance < UNLIKELY:
        return f"hardly possible: less scatter than coins have ({p_value(chance)})"
    if (ceiling / sd) ** 2 - 1 < 1 / max(p, 1 - p):  # a beta distribution with both exponents below 1
        return "strange: most people would choose nearly always the same"
    return "plausible"


def check_comparison(value: float, claim: str, line: float) -> str:
    """Return whether a rate (percent) is 'above' or 'below' a line (percent), and what that says in JND."""
    holds = value > line if claim == "above" else value < line
    verdict = "right" if holds else "wrong"
    words = f"'{value:g} % is {claim} {line:g} %' is {verdict}: {value:g} − {line:g} = {number(value - line)} pp"
    return f"{words}; {position(value / 100)} ({number(jnd(value / 100), otherwise=3)} JND)"


def check_share(claimed: float, part: float, whole: float) -> str:
    """Return which of three numbers a claimed percentage is: the share, what is saved, or neither; and the speed-up."""
    share, saved = 100 * part / whole, 100 * (1 - part / whole)
    names = {"the share that is left": share, "what is saved": saved}
    fits = [name for name, value in names.items() if abs(value - claimed) < 0.06]
    return (
        f"{part:g} is {share:.1f} % of {whole:g}, which saves {saved:.1f} % and is {whole / part:.2f} times as fast; "
        f"{claimed:g} % is {fits[0] if fits else 'neither'}"
    )


def check_mean_of_ratios(ratio: float, cost: float, *, ratio_step: float, cost_step: float, most: float = 1.0) -> str:
    """Return whether a mean of quality per cost can be the ratio of the means that are printed beside it.

    Args:
        ratio: The printed mean of ratios.
        cost: The printed mean cost.
        ratio_step: Last printed digit of the ratio, such as 0.01e-2.
        cost_step: That of the cost.
        most: Largest quality there is.
    """
    low, high = (ratio - ratio_step / 2) * (cost - cost_step / 2), (ratio + ratio_step / 2) * (cost + cost_step / 2)
    excess = "more than there is" if low > most else "more than there is, unless rounding explains it"
    verdict = excess if ratio * cost > most else "possible"
    return (
        f"{ratio:g} × {cost:g} = {ratio * cost:.3f} (by rounding {low:.3f} to {high:.3f}), where at most {most:g} "
        f"exists: {verdict}. A mean of ratios is not the ratio of means."
    )


def check_indirect(first: float, second: float) -> str:
    """Return what two rates of one condition, against two others by other people, say of those two (percent)."""
    distance = jnd(second / 100) - jnd(first / 100)
    return (
        f"{number(jnd(second / 100), otherwise=3)} − {number(jnd(first / 100), otherwise=3)} = "
        f"{number(distance, otherwise=3)} JND between the two others, a rate of {100 * rate(distance):.1f} %, "
        "if both groups of people are alike"
    )

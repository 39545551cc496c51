"""Scales: equal to published software, refused where they do not exist, honest about people."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from analysis.errors import DisconnectedError, SeparatedError
from analysis.links import LOGIT, PROBIT
from analysis.pairs import Pairs, pairs_of, pairs_of_counts
from analysis.scaling import scale

Find = Callable[[str], Path]


def counted(rows: list[tuple[str, str, float, float]], people: list[str] | None = None) -> Pairs:
    """Return comparisons of (first, second, wins, n)."""
    first, second, wins, n = (pd.Series(column) for column in zip(*rows, strict=True))
    return pairs_of_counts(first, second, wins, n, None if people is None else pd.Series(people))


def tone_mapping(path: Path) -> pd.DataFrame:
    """Return the tone-mapping study as choices."""
    frame = pd.read_csv(path)
    chosen = frame["condition_A"].where(frame["is_A_selected"] == 1, frame["condition_B"])
    names = {"observer": "participant", "condition_A": "left_condition", "condition_B": "right_condition"}
    return frame.rename(columns=names).assign(chosen=chosen)


def test_two_conditions_have_a_closed_form() -> None:
    """75 of 100 are one JND apart, in both models, and the standard error is that of a proportion."""
    pairs = counted([("A", "B", 75, 100)])

    for model, link in (("thurstone", PROBIT), ("bradley-terry", LOGIT)):
        found = scale(pairs, model)  # type: ignore[arg-type]  # mypy widens the loop's literals
        se = np.sqrt(0.75 * 0.25 / 100) / float(link.pdf(np.array(link.jnd))) / link.jnd
        assert np.allclose(found.jnd, [0.5, -0.5])
        assert np.isclose(2 * found.se[0], se)
        assert (found.deviance_df, found.df) == (0, np.inf)


def test_thurstone_equals_pwcmp(published: Find) -> None:
    """Seven tone mappers: pwcmp's pw_scale with prior 'none' (Octave), in JOD, and the deviance of R's glm."""
    found = scale(pairs_of(tone_mapping(published("pwcmp_tmo_ex3.csv"))))

    assert np.allclose(found.jnd, [-0.1086, -1.3904, 1.0449, 0.6075, -0.5623, 0.0391, 0.3699], atol=2e-4)
    assert (round(found.deviance, 4), found.deviance_df) == (24.9606, 15)
    assert found.estimator == "sandwich over 18 participants, t(17)"


def test_bradley_terry_equals_choix(published: Find) -> None:
    """Seven tone mappers: choix, in log-odds, to its four decimals."""
    found = scale(pairs_of(tone_mapping(published("pwcmp_tmo_ex3.csv"))), "bradley-terry")

    expected = [-0.1179, -1.5898, 1.1867, 0.6776, -0.6277, 0.0463, 0.4249]
    assert np.allclose(found.jnd * LOGIT.jnd, expected, atol=1e-4)
    assert round(found.deviance, 4) == 22.89


def test_thurstone_equals_david(published: Find) -> None:
    """Four tastes (David 1988, p. 116): R's eba, in standard deviations from the first."""
    frame = pd.read_csv(published("david1988_taste.csv"))
    n = frame["a_preferred"] + frame["b_preferred"]
    found = scale(pairs_of_counts(frame["a"], frame["b"], frame["a_preferred"], n))

    assert np.allclose((found.jnd - found.jnd[0]) * PROBIT.jnd, [0, 0.9453, 0.7682, 1.3874], atol=1e-3)
    assert (round(found.deviance, 3), found.deviance_df, round(found.deviance_p, 4)) == (4.533, 3, 0.2094)


def test_the_order_effect_equals_beaver_and_gokhale(published: Find) -> None:
    """Heaviness (1975): the second weight's advantage as eba reports it, 1.33734 with standard error .11553."""
    frame = pd.read_csv(published("eba_heaviness.csv"))
    n = frame["first_judged_heavier"] + frame["second_judged_heavier"]
    pairs = pairs_of_counts(frame["first_g"], frame["second_g"], frame["first_judged_heavier"], n)
    found = scale(pairs, "bradley-terry", position=True)

    assert found.position is not None
    assert found.position_se is not None
    advantage = np.exp(-found.position)
    assert round(advantage, 5) == 1.33734
    assert round(advantage * found.position_se, 5) == 0.11553


def test_the_home_advantage_equals_agresti(published: Find) -> None:
    """Baseball (Agresti 2002, p. 438): home advantage .3023 (.1309), deviance 38.643, and 44.053 without."""
    frame = pd.read_csv(published("bradleyterry2_baseball.csv"))
    n = frame["home.wins"] + frame["away.wins"]
    pairs = pairs_of_counts(frame["home.team"], frame["away.team"], frame["home.wins"], n)
    found, without = scale(pairs, "bradley-terry", position=True), scale(pairs, "bradley-terry")

    assert found.position is not None
    assert (round(found.position, 4), round(float(found.position_se or 0), 4)) == (0.3023, 0.1309)
    assert round(found.deviance, 3) == 38.643
    assert round(found.deviance + 2 * (found.log_likelihood - without.log_likelihood), 3) == 44.053


def test_groups_that_never_met_are_named() -> None:
    """A design in two parts has no common scale."""
    with pytest.raises(DisconnectedError, match=r"Found 2 groups .*: A, B; C, D"):
        scale(counted([("A", "B", 3, 5), ("C", "D", 2, 5)]))


def test_unanimous_pairs_are_refused_without_a_prior() -> None:
    """C lost every comparison: its distance is infinite, and the message says what helps."""
    pairs = counted([("A", "B", 3, 5), ("A", "C", 5, 5), ("B", "C", 5, 5)])

    with pytest.raises(SeparatedError, match=r"C.*--prior gaussian"):
        scale(pairs)
    with pytest.raises(SeparatedError):
        scale(pairs, "bradley-terry")


def test_a_prior_holds_unanimous_pairs_and_says_so() -> None:
    """With the prior the loser is last, finite, and the scale is flagged."""
    found = scale(counted([("A", "B", 3, 5), ("A", "C", 5, 5), ("B", "C", 5, 5)]), prior="gaussian")

    assert found.is_separated
    assert found.conditions[int(found.jnd.argmin())] == "C"
    assert np.isfinite(found.covariance).all()


def test_a_unanimous_side_is_refused() -> None:
    """All-left answers leave the position infinite."""
    pairs = counted([("A", "B", 9, 9), ("B", "A", 9, 9)])

    with pytest.raises(SeparatedError):
        scale(pairs, position=True)


def test_one_participant_gives_no_clusters() -> None:
    """The estimate says that it takes choices as independent."""
    found = scale(counted([("A", "B", 6, 9)], ["only"]))

    assert found.estimator == "inverse information (choices taken as independent)"
    assert found.n_participants == 1


def tastes(rng: np.random.Generator, people: int, spread: float) -> Pairs:
    """Return 4 conditions judged in 60 trials by people whose tastes differ with SD `spread` (JND)."""
    first, second = np.triu_indices(4, 1)
    own = np.array([1.0, 0.3, -0.3, -1.0]) + spread * rng.standard_normal((people, 4))
    rate = PROBIT.cdf((own[:, first] - own[:, second]) * PROBIT.jnd)
    wins = rng.binomial(10, rate).astype(np.float64)
    person = np.repeat(np.arange(people), 6)
    n = np.full(6 * people, 10.0)
    return Pairs(tuple("ABCD"), np.tile(first, people), np.tile(second, people), wins.ravel(), n, person)


def covered(clustered: bool, repetitions: int = 300, people: int = 30) -> float:
    """Return how often 95 % intervals of A - D, 2 JND before shrinkage by taste, contain the truth."""
    rng = np.random.default_rng(11)
    truth = _difference(scale(tastes(rng, 20_000, 0.8)).jnd)
    hits = []
    for _ in range(repetitions):
        pairs = tastes(rng, people, 0.8)
        kept = pairs if clustered else Pairs(pairs.conditions, pairs.first, pairs.second, pairs.wins, pairs.n, None)
        found = scale(kept)
        se = np.sqrt(found.covariance[0, 0] + found.covariance[3, 3] - 2 * found.covariance[0, 3])
        hits.append(abs(_difference(found.jnd) - truth) < (2.045 if clustered else 1.96) * se)
    return float(np.mean(hits))


def _difference(jnd: NDArray[np.float64]) -> float:
    return float(jnd[0] - jnd[3])


def test_intervals_cover_where_tastes_differ() -> None:
    """The sandwich over participants covers at least 93 %; that of independent choices fails, as it must."""
    assert covered(clustered=True) >= 0.93
    assert covered(clustered=False) < 0.80


def test_the_error_shrinks_as_the_root_of_n() -> None:
    """Sixteen times the people, a quarter of the standard error."""
    rng = np.random.default_rng(5)
    few, many = (scale(tastes(rng, people, 0.5)).se.mean() for people in (50, 800))

    assert 3.4 < few / many < 4.6

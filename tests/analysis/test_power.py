"""Power: the sizes of analysis.md, the right size under the null, and a price."""

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.errors import PlanningError
from analysis.power import Claim, Design, Population, Price, _answers, _statistics, grid, intercept, n_for_power, power
from analysis.rates import two_way

SMALL = Design(20, 50, 200)


def test_statistics_are_those_of_the_report(rng: np.random.Generator) -> None:
    """Mean and standard error of a simulated study equal `rates.two_way` of the same choices."""
    design = Design(9, 14, 30)
    answers: NDArray[np.bool_] = _answers(design, Population(0.6), 3, rng)
    mean, se = _statistics(answers, design.prompts)
    people, place = np.divmod(np.arange(9 * 14), 14)
    for study in range(3):
        expected = two_way(answers[study].ravel().astype(np.float64), people, (people * 14 + place) % 30)
        assert np.isclose(mean[study], expected.mean)
        assert np.isclose(se[study], expected.se)


def test_the_marginal_rate_is_the_one_asked_for(rng: np.random.Generator) -> None:
    """Conditional logit .12 with SDs .35 and .6 is 52.7 % over all."""
    assert abs(intercept(Population(0.5274)) - 0.12) < 0.002
    assert abs(_answers(Design(200, 50, 60), Population(0.7, 1, 1), 30, rng).mean() - 0.7) < 0.01


@pytest.mark.parametrize(
    ("participants", "trials", "expected"),
    [
        (10, 100, 0.12),
        (20, 100, 0.22),
        (40, 50, 0.31),
        (40, 100, 0.46),
        (72, 25, 0.43),
        (72, 50, 0.53),
        (72, 100, 0.65),
    ],
)
def test_power_is_that_of_the_survey(participants: int, trials: int, expected: float) -> None:
    """P = .527, SDs .35 and .6, 1,839 prompts: within .06 of another simulation of 685 studies."""
    found = power(Design(participants, trials, 1839), Population(0.527), studies=1500)

    assert abs(found.power - expected) < 0.06


def test_people_buy_more_than_trials() -> None:
    """Doubling participants beats doubling trials."""
    many_people, many_trials = (
        power(Design(people, trials, 1839), Population(0.53), studies=2000).power
        for people, trials in ((80, 50), (40, 100))
    )

    assert many_people > many_trials


@pytest.mark.parametrize("margin", [0.5, 0.25])
def test_nothing_is_shown_where_nothing_is(margin: float) -> None:
    """At the margin itself about 2.5 % of studies show the claim."""
    found = power(SMALL, Population(margin), Claim(margin), studies=4000)

    assert found.power < 0.035


def test_careless_answers_do_not_buy_a_claim() -> None:
    """At exactly one JND, a tenth of careless answers shows 'within' far too often, unless they are bounded."""
    design, careless = Design(72, 100, 1839, catch_trials=10), Population(0.25, lapse=0.1)
    naive, bounded = (power(design, careless, Claim(0.25, bound_lapses=b), studies=1000).power for b in (False, True))

    assert naive > 0.4
    assert bounded < 0.035


def test_without_catch_trials_nothing_is_bounded() -> None:
    """A claim that bounds lapses cannot be shown without catch trials."""
    assert power(SMALL, Population(0.6), Claim(0.25, bound_lapses=True), studies=50).power == 0


def test_the_fewest_participants_reach_the_power() -> None:
    """The answer reaches 80 %, one participant less does not (with the same chance)."""
    n, found = n_for_power(0.8, SMALL, Population(0.58), studies=600)

    assert found.power >= 0.8
    fewer = power(Design(n - 1, 50, 200), Population(0.58), studies=600)
    assert fewer.power < 0.8


def test_prompts_limit_what_people_can_show() -> None:
    """With few prompts no number of people suffices, and the message says so."""
    with pytest.raises(PlanningError, match="use more prompts"):
        n_for_power(0.9, Design(2, 5, 5), Population(0.55), most=64, studies=200)


@pytest.mark.parametrize(
    ("design", "population", "words"),
    [
        (Design(1, 10, 10), Population(0.6), "at least 2 participants"),
        (Design(10, 11, 10), Population(0.6), "11 trials about 10 prompts"),
        (Design(10, 10, 10), Population(1.0), r"rate and margin in \(0, 1\)"),
    ],
)
def test_impossible_plans_are_refused(design: Design, population: Population, words: str) -> None:
    """One participant, more trials than prompts, certainty: named errors."""
    with pytest.raises(PlanningError, match=words):
        power(design, population)


def test_a_price_is_minutes_times_pay_and_fee() -> None:
    """72 people, 110 trials of 8 s and 4 minutes beside, 9 GBP an hour, a third on top."""
    price, design = Price(9, 8, 4, 1 / 3), Design(72, 100, 100, 10)

    assert np.isclose(price.minutes(design), 4 + 110 * 8 / 60)
    assert np.isclose(price.cost(design), 72 * price.minutes(design) / 60 * 9 * 4 / 3)


def test_the_grid_has_every_size() -> None:
    """Power rises along both axes, cost along both."""
    table = grid([10, 40], [20, 50], SMALL, Population(0.6), studies=400)

    assert len(table) == 4
    assert table["power"].iloc[3] > table["power"].iloc[0]
    assert table["cost"].is_monotonic_increasing


def test_equal_seeds_give_equal_power() -> None:
    """Chance comes from the seed alone."""
    assert power(SMALL, Population(0.55), studies=100) == power(SMALL, Population(0.55), studies=100)

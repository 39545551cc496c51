"""The form that refuses what policy does not allow."""

import pytest

from prolific_config.errors import RejectionError
from prolific_config.rejection import Evidence, checked

MESSAGE = "Two questions said plainly, in words, which picture to choose; both times the other was chosen. " * 2
TIMES = [900.0 + 10 * (number % 5) for number in range(30)]


def evidence(**known) -> Evidence:
    """Evidence of an ordinary submission, but for what is given."""
    ordinary = {"minutes": 15, "checks_failed": 0, "seconds": 900, "seconds_of_all": TIMES, "answers": 100}
    return Evidence(**{**ordinary, **known})


@pytest.mark.parametrize(
    ("ground", "known", "category"),
    [
        ("failed_instruction_checks", {"checks_failed": 2}, "FAILED_CHECK"),
        ("failed_instruction_checks", {"checks_failed": 1, "minutes": 5}, "FAILED_CHECK"),
        ("exceptionally_fast", {"seconds": 60}, "TOO_QUICKLY"),
        ("no_data", {"answers": 0}, "NO_DATA"),
    ],
)
def test_a_ground_that_the_data_prove_is_allowed(ground, known, category) -> None:
    """With Prolific's category."""
    assert checked(ground, MESSAGE, evidence(**known)).category == category


@pytest.mark.parametrize(
    ("ground", "known", "said"),
    [
        ("failed_instruction_checks", {"checks_failed": 1}, r"1 instruction check\(s\) failed, and 15 minutes take 2"),
        ("failed_instruction_checks", {"checks_failed": 0, "minutes": 5}, "5 minutes take 1"),
        ("exceptionally_fast", {"seconds": 890}, "890 s is not 3 standard deviations below the mean"),
        ("exceptionally_fast", {"seconds": 1, "seconds_of_all": TIMES[:9]}, "9 submissions cannot say"),
        ("no_data", {}, "100 answers are stored"),
        ("failed_catch_trials", {"checks_failed": 9}, "'failed_catch_trials' is no ground"),
        ("screened_out", {}, "'screened_out' is no ground"),
        ("low_effort", {}, "is no ground"),
        ("", {}, "is no ground"),
    ],
)
def test_anything_else_is_refused_and_says_why(ground, known, said) -> None:
    """And says what to do instead."""
    with pytest.raises(RejectionError, match=said) as error:
        checked(ground, MESSAGE, evidence(**known))
    assert "Approve the submission or ask for its return" in str(error.value)


@pytest.mark.parametrize(("length", "is_enough"), [(99, False), (100, True)])
def test_the_participant_is_owed_a_hundred_characters(length, is_enough) -> None:
    """White space at the ends does not count."""
    message = f"  {'x' * length}  "
    if is_enough:
        assert checked("no_data", message, evidence(answers=0)).message == "x" * length
    else:
        with pytest.raises(RejectionError, match="the message has 99 characters"):
            checked("no_data", message, evidence(answers=0))


def test_every_fault_is_named_at_once() -> None:
    """A person corrects a form once."""
    with pytest.raises(RejectionError) as error:
        checked("no_data", "no", evidence())
    assert len(error.value.faults) == 2

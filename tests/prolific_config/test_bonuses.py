"""Bonuses: nobody twice, and no 150 pounds for 1.50."""

import pytest

from prolific_config.bonuses import Bonus, as_csv, batches, is_paid, read_bonuses, total
from prolific_config.errors import BonusError
from prolific_config.money import Money

A, B = "65f000000000000000000001", "65f000000000000000000002"


def written(tmp_path, text: str):
    """A list of bonuses in a file."""
    path = tmp_path / "bonuses.csv"
    path.write_text("submission_id,amount,reason\n" + text, encoding="utf-8")
    return path


def test_a_list_is_read_in_cents_and_sent_in_major_units(tmp_path) -> None:
    """1.50 is 150 pence here and 1.50 there; 30 is 30.00."""
    bonuses = read_bonuses(written(tmp_path, f"{A},1.50,slow pages\n{B},30,long study\n"), "GBP")

    assert [bonus.amount.cents for bonus in bonuses] == [150, 3000]
    assert as_csv(bonuses) == f"{A},1.50\n{B},30.00\n"
    assert total(bonuses, "GBP") == Money(3150, "GBP")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{A},1.505,x\n", "row 1: found '1.505'"),
        (f"{A},-1,x\n", "row 1: found '-1'"),
        (f"{A},0.00,x\n", "row 1: found an amount of nothing"),
        (f"{A},1.00,\n", "expected a submission's id and a reason"),
        (f'{B},1.00,x\n"{A},9\n{B}",1.00,x\n', "row 2: found"),
        (f"{A},1.00,x\n{A},2.00,x\n", f"submission {A} twice for 'x'"),
    ],
)
def test_a_faulty_list_is_refused_as_a_whole(tmp_path, text, said) -> None:
    """With its row; an id cannot smuggle in another line."""
    with pytest.raises(BonusError, match=said):
        read_bonuses(written(tmp_path, text), "GBP")


def test_other_columns_are_refused(tmp_path) -> None:
    """By name."""
    path = tmp_path / "bonuses.csv"
    path.write_text("id,pounds\n", encoding="utf-8")

    with pytest.raises(BonusError, match=r"found columns \['id', 'pounds'\]"):
        read_bonuses(path, "GBP")


def test_a_batch_has_at_most_200_and_nobody_twice() -> None:
    """450 people, one of them for three reasons: all are there, once each."""
    bonuses = [Bonus(f"{number:024x}", Money(100, "GBP"), "x") for number in range(450)]
    bonuses += [Bonus(f"{0:024x}", Money(100, "GBP"), reason) for reason in ("y", "z")]
    made = batches(bonuses)

    assert all(len(batch) <= 200 for batch in made)
    assert all(len({bonus.submission_id for bonus in batch}) == len(batch) for batch in made)
    assert sorted(bonus.key for batch in made for bonus in batch) == sorted(bonus.key for bonus in bonuses)


@pytest.mark.parametrize(
    ("before", "now", "paid"), [([], [150], True), ([150], [150], False), ([150], [150, 150], True), ([], [100], False)]
)
def test_prolifics_record_says_whether_a_bonus_was_paid(before, now, paid) -> None:
    """A bonus of the same amount that was there before does not count."""
    assert is_paid(before, now, Bonus(A, Money(150, "GBP"), "x")) is paid

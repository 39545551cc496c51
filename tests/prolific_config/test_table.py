"""`[prolific]` of a study file."""

import pytest

from prolific_config.money import Money
from prolific_config.table import read_prolific
from stimuli.errors import StudyFileError
from stimuli.studyfile import read_study_file


def changed(path, old, new):
    """Write the study file with one thing changed."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_table_is_read_in_whole_cents(study_file) -> None:
    """3.60 is 360 pence."""
    _, table = read_prolific(study_file)

    assert table.reward_money == Money(360, "GBP")
    assert (table.minutes, table.places, table.devices, table.entry_token) == (15, 72, ("desktop",), "off")


@pytest.mark.parametrize("reward", ["3.60", "3.6", '"3.60"'])
def test_an_amount_may_be_a_number_or_text(study_file, reward) -> None:
    """TOML's number is read as a decimal, never as a float."""
    assert read_prolific(changed(study_file, "reward = 3.60", f"reward = {reward}"))[1].reward_money.cents == 360


def test_a_price_is_in_no_digest(study_file) -> None:
    """A corrected price freezes nothing."""
    before = read_study_file(study_file)
    after = read_study_file(changed(study_file, "3.60", "4.10"))

    assert before == after


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minutes = 15", "minuets = 15", r"key 'prolific.minutes': Field required"),
        ("places = 72", "places = 72\nbonus = 1", r"key 'prolific.bonus': Extra inputs are not permitted"),
        ("3.60", "3.605", r"key 'prolific.reward'"),
        ("3.60", "-1", r"key 'prolific.reward'"),
        ('"GBP"', '"EUR"', r"key 'prolific.currency'"),
        ("places = 72", "places = 0", r"key 'prolific.places'"),
        ("places = 72", "screen_out_reward = 0.30", r"given together or not at all"),
        ("places = 72", "screen_out_reward = 9\nscreen_out_slots = 5", r"must be less than reward"),
        ("places = 72", "exclude_groups = ['x']", r"key 'prolific.exclude_groups.0'"),
        ("places = 72", "filters = [{filter_id = 'age'}]", r"key 'prolific.filters.0"),
    ],
)
def test_a_fault_is_named_with_file_key_and_reason(study_file, old, new, said) -> None:
    """A misspelt key, a foreign one, and values that cannot be."""
    with pytest.raises(StudyFileError, match=said) as error:
        read_prolific(changed(study_file, old, new))
    assert str(study_file) in str(error.value)


def test_a_file_without_the_table_is_fine_for_everybody_else(study_file) -> None:
    """Only the commands of Prolific miss it, and say so."""
    text = study_file.read_text(encoding="utf-8")
    study_file.write_text(text[: text.index("[prolific]")], encoding="utf-8")

    assert read_study_file(study_file).study.name == "my-study"
    with pytest.raises(StudyFileError, match="key 'prolific': table is missing"):
        read_prolific(study_file)


def test_filters_are_prolifics_own(study_file) -> None:
    """By values or by range, with Prolific's names."""
    filters = (
        "filters = [{filter_id = 'sex', selected_values = ['0']}, "
        "{filter_id = 'age', selected_range = {lower = 18, upper = 65}}]"
    )
    _, table = read_prolific(changed(study_file, "places = 72", filters))

    assert [found.filter_id for found in table.filters] == ["sex", "age"]

"""From a file to what Prolific is asked for."""

import json

import pytest

from prolific_config.codes import CODE_TYPES, completion_codes, read_codes
from prolific_config.drafts import changes, completion_url, draft, study_url
from prolific_config.errors import CodesError, ProlificSettingError
from prolific_config.models import Study
from prolific_config.table import read_prolific

CODES = {outcome: f"CODE{number}" for number, outcome in enumerate(CODE_TYPES)}
GROUP = "65f000000000000000000001"


def test_the_study_url_has_prolifics_three_parameters() -> None:
    """Exactly as Prolific wants them, to paste."""
    assert study_url("https://lab.example/", "my-study") == (
        "https://lab.example/s/my-study?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}"
        "&SESSION_ID={{%SESSION_ID%}}"
    )
    assert completion_url("ABC") == "https://app.prolific.com/submissions/complete?cc=ABC"


@pytest.mark.parametrize("url", ["http://lab.example", "lab.example", "https://lab.example/?a=1", "ftp://x", ""])
def test_an_address_that_is_not_safe_for_participants_is_refused(url) -> None:
    """HTTPS without a query, or this machine."""
    with pytest.raises(ProlificSettingError, match=r"expected an address such as https://lab.example"):
        study_url(url, "s")
    assert study_url("http://localhost:8000", "s")


def test_nothing_is_approved_or_rejected_by_a_code(table) -> None:
    """A person reviews; only those who did no work are asked to return."""
    made = completion_codes(CODES, table)
    actions = {code.code_type: [action.action for action in code.actions] for code in made}

    assert {action for found in actions.values() for action in found} == {"MANUALLY_REVIEW", "REQUEST_RETURN"}
    assert actions["COMPLETED"] == ["MANUALLY_REVIEW"]
    assert actions["NO_CONSENT"] == actions["INCOMPATIBLE_DEVICE"] == ["REQUEST_RETURN"]
    assert actions["SCREENED_OUT"] == actions["OTHER"] == ["MANUALLY_REVIEW"]


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ({**CODES, "completed": CODES["device"]}, "a code that stands for two outcomes"),
        ({key: code for key, code in CODES.items() if key != "overfull"}, r"missing \['overfull'\]"),
        ({**CODES, "won": "X"}, r"unknown \['won'\]"),
    ],
)
def test_codes_that_do_not_fit_are_refused(table, codes, said) -> None:
    """One different code for each outcome, and no other."""
    with pytest.raises(CodesError, match=said):
        completion_codes(codes, table)


def test_codes_are_read_as_the_server_prints_them(codes_file) -> None:
    """An outcome and its code on each line; another line is named."""
    assert set(read_codes(codes_file)) == set(CODE_TYPES)
    codes_file.write_text("completed\n", encoding="utf-8")
    with pytest.raises(CodesError, match=r"found 'completed' in .*codes.txt"):
        read_codes(codes_file)


def test_every_option_reaches_the_draft(client, study_file) -> None:
    """Groups, screen-outs, filters, valve, signature; and the request fits the description."""
    text = (
        study_file.read_text(encoding="utf-8")
        + f"""
maximum_minutes = 45
label = "ai_evaluation"
project = "{GROUP}"
at_once = 20
add_to_group = "{GROUP}"
exclude_groups = ["{GROUP}"]
screen_out_reward = 0.30
screen_out_slots = 10
entry_token = "required"
filters = [{{filter_id = "age", selected_range = {{lower = 18, upper = 65}}}}]
"""
    )
    study_file.write_text(text, encoding="utf-8")
    wanted = draft(*read_prolific(study_file), CODES, "https://lab.example")
    client.create_draft(wanted)

    codes = {code.code_type: code for code in wanted.completion_codes}
    assert codes["FIXED_SCREENOUT"].actions[0].fixed_screen_out_reward == 30
    assert [action.action for action in codes["COMPLETED"].actions] == ["MANUALLY_REVIEW", "ADD_TO_PARTICIPANT_GROUP"]
    assert [found.filter_id for found in wanted.filters] == ["age", "participant_group_blocklist"]
    assert wanted.submissions_config.max_concurrent_submissions == 20
    assert wanted.is_external_study_url_secure is True
    assert json.loads(wanted.metadata)["study"] == "my-study"


def test_places_come_from_the_design_unless_they_are_given(study_file) -> None:
    """The template's design has 24 places."""
    text = study_file.read_text(encoding="utf-8").replace("places = 72\n", "")
    study_file.write_text(text, encoding="utf-8")
    study, table = read_prolific(study_file)

    assert draft(study, table, CODES, "https://lab.example").total_available_places == study.design.participants


def test_what_differs_is_named(wanted) -> None:
    """By Prolific's fields; the same study differs in nothing, whatever its white space and order."""
    there = Study.model_validate({**wanted.model_dump(mode="json"), "id": "x", "status": "ACTIVE"})
    shuffled = there.model_copy(
        update={"completion_codes": there.completion_codes[::-1], "description": there.description + "\n"}
    )

    assert changes(wanted, there) == changes(wanted, shuffled) == {}
    assert changes(wanted.model_copy(update={"reward": 400}), there) == {"reward": (360, 400)}

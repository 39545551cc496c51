"""The commands, typed as a user types them, against the stand-in."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from stand_in.server import TOKEN

from budgetfusion.errors import BudgetFusionError
from prolific_config import cli as module
from prolific_config.models import AWAITING_REVIEW, RETURNED

PUBLIC = "https://lab.example"


@pytest.fixture
def run(prolific, monkeypatch, study_file, codes_file):
    """Run a command of the group; an expected error is raised as it is."""
    monkeypatch.setenv("PROLIFIC_TOKEN", TOKEN)
    monkeypatch.setenv("PROLIFIC_URL", prolific.url)
    monkeypatch.setenv("PUBLIC_URL", PUBLIC)

    def call(command: str, *words: str, typed: str = "") -> str:
        codes = ["--codes", str(codes_file)] if command in ("show", "draft", "publish", "approve") else []
        line = [command, str(study_file), *codes, *words]
        result = CliRunner().invoke(module.prolific, line, input=typed, catch_exceptions=False)
        assert TOKEN not in result.output
        return result.output

    return call


def test_a_file_is_validated_without_asking_anybody(prolific, run) -> None:
    """Warnings are said, and nothing is sent."""
    assert "is valid, with 1 warning(s)" in run("validate")
    assert "rejections for inattention will be blocked" in run("validate")
    assert prolific.seen == []


def test_pay_below_the_minimum_stops_before_anything_is_sent(prolific, run, study_file) -> None:
    """Validate, draft and publish alike."""
    study_file.write_text(study_file.read_text(encoding="utf-8").replace("3.60", "1.00"), encoding="utf-8")

    for command in ("validate", "draft", "publish"):
        with pytest.raises(BudgetFusionError, match=r"£4.00 an hour, below the minimum of £6.00"):
            run(command)
    assert prolific.seen == []


def test_what_to_paste_is_shown(prolific, run) -> None:
    """The exact URL and each code; nobody is asked."""
    output = run("show")

    assert f"{PUBLIC}/s/my-study?PROLIFIC_PID={{{{%PROLIFIC_PID%}}}}&STUDY_ID=" in output
    assert "completed      C0MPLETE     COMPLETED               MANUALLY_REVIEW" in output
    assert "£259.20; Prolific's fee and tax come on top" in output
    assert prolific.seen == []


def test_a_draft_can_be_rehearsed_and_repeated(prolific, run) -> None:
    """A rehearsal makes nothing; twice makes one."""
    assert "Would draft 72 places: £259.20 to participants + £103.68 fees and tax = £362.88." in run(
        "draft", "--dry-run"
    )
    assert prolific.world.studies == {}
    assert "Draft created" in run("draft")
    assert "Draft unchanged" in run("draft")
    assert "Nothing is spent yet" in run("draft")
    assert len(prolific.world.studies) == 1


def test_the_test_study_is_free(prolific, run) -> None:
    """A rehearsal makes none; the command makes one and says where it is."""
    run("draft")
    assert "Nothing was made" in run("test", "--dry-run")
    assert "which costs nothing: https://app.prolific.com/studies/" in run("test", "--email", "lab@example.org")
    assert len(prolific.world.studies) == 2
    assert "Draft unchanged" in run("draft")


def test_publishing_needs_a_draft(run) -> None:
    """And says how to make one."""
    with pytest.raises(BudgetFusionError, match="Run `budgetfusion prolific draft` first"):
        run("publish")


@pytest.mark.parametrize("typed", ["\n", "y\n", "259.20\n", "362.87\n", "36288\n"])
def test_nothing_is_published_unless_the_amount_is_typed(prolific, run, typed) -> None:
    """Neither yes, nor the rewards without the fees, nor a penny less, nor pence."""
    run("draft")

    with pytest.raises(BudgetFusionError, match="Nothing was spent"):
        run("publish", typed=typed)
    assert prolific.calls("publish-study") == []


def test_a_study_is_published_after_its_amount_was_typed(prolific, run) -> None:
    """Once; a second time there is nothing to type."""
    run("draft")
    assert "Nothing was spent" in run("publish", "--dry-run")
    first = run("publish", typed="362.88\n")
    second = run("publish")

    assert "£259.20 to participants + £86.40 fees + £17.28 tax = £362.88" in first
    assert "is ACTIVE with 72 places" in first
    assert "nothing to spend" in second
    assert len(prolific.calls("publish-study")) == 1


def test_a_pilot_grows(prolific, run, study_file) -> None:
    """More places in the file, and only they are paid for."""
    run("draft")
    run("publish", typed="362.88\n")
    study_file.write_text(
        study_file.read_text(encoding="utf-8").replace("places = 72", "places = 80"), encoding="utf-8"
    )

    assert "Would do: Add 8 places" in run("publish", "--dry-run")
    assert "with 80 places" in run("publish", typed="40.32\n")


def test_a_running_study_is_watched(prolific, run) -> None:
    """Counts, what was spent, and the pay that people really get: 30 minutes make 7.20 an hour."""
    run("draft")
    run("publish", typed="362.88\n")
    study_id = next(iter(prolific.world.studies))
    for minutes in (20, 30, 40):
        prolific.world.arrive(study_id, AWAITING_REVIEW, minutes)
    prolific.world.arrive(study_id, RETURNED)
    output, data = run("status"), run("status", "--json")
    found = json.loads(data[: data.rindex("}") + 1])

    assert "Median of 3: 30.0 minutes, £7.20 an hour." in output
    assert "below the recommended £9.00" in output
    assert (found["counts"]["AWAITING REVIEW"], found["hourly_cents"], found["spent_cents"]) == (3, 720, 0)


def test_those_who_finished_are_approved_after_the_amount_was_typed(prolific, run) -> None:
    """Only those with the code of a complete study, and only once."""
    run("draft")
    run("publish", typed="362.88\n")
    study_id = next(iter(prolific.world.studies))
    ids = [prolific.world.arrive(study_id, AWAITING_REVIEW, 15, "C0MPLETE") for _ in range(3)]
    other = prolific.world.arrive(study_id, AWAITING_REVIEW, 2, "LEFT")

    assert "3 wait with the code of a complete study: £10.80" in run("approve", "--dry-run")
    with pytest.raises(BudgetFusionError, match="Nothing was spent"):
        run("approve", typed="\n")
    assert "Sent 3 approvals" in run("approve", typed="10.80\n")
    assert "0 wait with the code of a complete study" in run("approve")
    assert {prolific.world.submission(key)["status"] for key in ids} == {"APPROVED"}
    assert prolific.world.submission(other)["status"] == AWAITING_REVIEW


def test_approvals_are_priced_as_published(prolific, run, study_file) -> None:
    """A reward that was edited in the file since changes nothing there."""
    run("draft")
    run("publish", typed="362.88\n")
    prolific.world.arrive(next(iter(prolific.world.studies)), AWAITING_REVIEW, 15, "C0MPLETE")
    study_file.write_text(study_file.read_text(encoding="utf-8").replace("3.60", "5.00"), encoding="utf-8")

    assert "£3.60 to participants" in run("approve", "--dry-run")


def test_without_a_token_the_remedy_is_said(run, monkeypatch) -> None:
    """In one line that names the variable."""
    monkeypatch.delenv("PROLIFIC_TOKEN")

    with pytest.raises(BudgetFusionError, match="PROLIFIC_TOKEN: found nothing"):
        run("status")


def test_a_token_is_not_sent_in_the_clear(run, monkeypatch) -> None:
    """HTTP to another machine is refused before anything is sent."""
    monkeypatch.setenv("PROLIFIC_URL", "http://prolific.example")

    with pytest.raises(BudgetFusionError, match="the token is not sent in the clear"):
        run("status")


def test_other_packages_add_commands(monkeypatch) -> None:
    """What needs the database is the server's, in the same group."""

    @click.command()
    def bonus() -> None:
        """Pay."""

    class Added:
        name = "bonus"

        def load(self) -> click.Command:
            return bonus

    monkeypatch.setattr(module, "entry_points", lambda group: [Added()] if group == "budgetfusion.prolific" else [])
    context = click.Context(module.prolific)

    assert "bonus" in module.prolific.list_commands(context)
    assert module.prolific.get_command(context, "bonus") is bonus


def test_an_error_is_one_line_and_exit_code_1(study_file) -> None:
    """In a process of its own, as a user sees it."""
    command = [sys.executable, "-m", "budgetfusion", "prolific", "status", str(study_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: PROLIFIC_TOKEN: found nothing")
    assert done.stderr.count("\n") == 1

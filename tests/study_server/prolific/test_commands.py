"""`budgetfusion prolific bonus` and `reconcile`, typed as a user types them."""

import json
import shutil

import pytest
from click.testing import CliRunner

from budgetfusion.errors import BudgetFusionError
from prolific_config.cli import prolific as group
from prolific_config.errors import NotConfirmedError, UnknownOutcomeError
from prolific_config.models import AWAITING_REVIEW, RETURNED
from study_server.cli import study
from study_server.errors import BonusStateError, DiscrepancyError
from study_server.prolific import ledger


@pytest.fixture
def file(stage, tmp_path):
    """A study file of the stage's name, with its [prolific]."""
    from stimuli.studyfile import template

    path = tmp_path / "study.toml"
    said = "".join(f"{key} = {json.dumps(value)}\n" for key, value in TABLE.items())
    path.write_text(template().replace('"my-study"', '"tiny"') + f"\n[prolific]\n{said}", encoding="utf-8")
    (tmp_path / "prompts.txt").write_text("a wall\n", encoding="utf-8")
    return path


TABLE = {"name": "Tiny", "description": "Words.", "minutes": 15, "reward": 3.6, "currency": "GBP"}


@pytest.fixture
def run(stage, file):
    """Run a command of the group; an expected failure is raised, and what was printed is kept."""

    def call(command, *words, typed=""):
        line = [command, str(file), *map(str, words), "--database", stage.database.url]
        result = CliRunner().invoke(group, line, input=typed)
        call.said = result.output
        if isinstance(result.exception, BudgetFusionError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return call


@pytest.fixture
def bonuses(stage, tmp_path):
    """A list of two bonuses."""
    ids = [stage.take(), stage.take()]
    stage.reconcile()
    path = tmp_path / "bonuses.csv"
    rows = "".join(f"{key},1.50,slow pages\n" for key in ids)
    path.write_text(f"submission_id,amount,reason\n{rows}", encoding="utf-8")
    return path


def test_bonuses_are_paid_once_after_the_total_was_typed(stage, run, bonuses) -> None:
    """A rehearsal stores nothing, another amount pays nothing, a second run has nothing to pay."""
    said = run("bonus", bonuses, "--dry-run")
    assert "Would pay 2 bonuses: £3.00 to participants" in said
    with stage.database.reading() as db:
        assert ledger.bonuses(db, stage.material) == []
    with pytest.raises(NotConfirmedError):
        run("bonus", bonuses, typed="3.00\n")
    assert stage.world.paid == []
    assert "£3.00 to participants + £1.20 fees and tax = £4.20" in run("bonus", bonuses, typed="4.20\n")
    again = run("bonus", bonuses)

    assert "0 new in the ledger, 2 there before." in again
    assert "Nothing is left to pay." in again
    assert sorted(cents for _, _, cents in stage.world.paid) == [150, 150]


def test_an_uncertain_payment_is_said_and_not_repeated(stage, run, bonuses) -> None:
    """The next run looks at Prolific's record first; too early nobody gives up."""
    stage.prolific.faults.plan("pay-bonus-payments", "away")
    with pytest.raises(UnknownOutcomeError):
        run("bonus", bonuses, typed="4.20\n")
    assert "Nothing is left to pay." in run("bonus")
    assert "uncertain since" in run.said
    with pytest.raises(BonusStateError, match="uncertain for a day"):
        run("bonus", "--give-up", 1, typed="3.00\n")
    assert "Prolific shows 0 of its bonuses and not 2 (£3.00)" in run("reconcile")

    assert len(stage.prolific.calls("pay-bonus-payments")) == 1


def test_reconcile_says_what_it_learned_and_what_disagrees(stage, run) -> None:
    """A rehearsal stores nothing; with disagreements it ends with an error that counts them."""
    keys = [stage.take(), stage.take()]
    assert "2 submissions on Prolific: 2 new and 0 changed would be learned" in run("reconcile", "--dry-run")
    assert stage.row(keys[0]) is None
    assert "2 new and 0 changed learned" in run("reconcile")
    stage.world.move(keys[0], RETURNED)
    assert "0 new and 1 changed learned" in run("reconcile")
    stage.world.move(keys[1], AWAITING_REVIEW, stage.codes["completed"])
    with pytest.raises(DiscrepancyError, match=r"found 1 disagreement\(s\)"):
        run("reconcile")

    assert f"{keys[1]}  AWAITING REVIEW there, and never seen here" in run.said


def test_create_keeps_the_table_and_a_corrected_price(tmp_path, tiny, stimuli_folder) -> None:
    """`study create` again with another reward freezes nothing, and the new one holds."""
    study_file = tiny.study_file()
    tables = {
        "study": study_file.study.model_dump(),
        "stimuli": {"prompts": ["a wall"], "seeds": [0]},
        "design": study_file.design.model_dump(exclude_defaults=True),
        "texts": study_file.texts.model_dump(exclude_defaults=True),
        "prolific": TABLE,
    }
    path, url = tmp_path / "study.toml", f"sqlite:///{tmp_path / 'new.db'}"
    lines = [f"[{t}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in d.items()) for t, d in tables.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    folder = shutil.copytree(stimuli_folder, tmp_path / "stimuli")

    def create():
        line = ["create", str(path), "--stimuli", str(folder), "--database", url]
        return CliRunner().invoke(study, line, catch_exceptions=False).output

    first, second = create(), create()
    path.write_text(path.read_text().replace("reward = 3.6", "reward = 4.0"), encoding="utf-8")
    third = create()

    assert [("Its [prolific] holds now." in said) for said in (first, second, third)] == [True, False, True]
    assert "Unchanged" in third

"""Every message says what was found, what was expected and what to do, in one line."""

from pathlib import Path

import pytest

from study_server import errors

SAMPLES = [
    (errors.MissingSettingError("KEY", "a long text"), "KEY is not set, expected a long text. Set it"),
    (errors.DatabaseUnreachableError("sqlite:///x", "locked"), "cannot be reached: locked. Start it, or correct"),
    (errors.DatabaseNotMigratedError("u", None, "1"), "found no tables of ours, expected version 1. Run"),
    (errors.DatabaseNotMigratedError("u", "1", "2"), "found schema version 1, expected version 2. Run"),
    (errors.DatabaseNewerError("u", "3", "2"), "found schema version 3, this program knows up to 2. Install"),
    (errors.UnknownStudyError("a", ("b", "c")), "'a' is not in the database, which holds: b, c. Run"),
    (errors.StudyFrozenError("a", ("images", "analysis")), "other contents: images and analysis. Make"),
    (errors.SupersededError("a", "a.2"), "has the newer version 'a.2', which alone takes people in. Resume"),
    (errors.StudyUnreadableError("a", "x.y: extra"), "frozen by another version of BudgetFusion: x.y: extra. Go on"),
    (errors.MaterialError("a", "x", "y", "Do z."), "Study 'a': found x, expected y. Do z."),
    (
        errors.AddressError("h", 80, "Permission denied"),
        "Cannot listen on port 80 of h: Permission denied. Choose others with --host and --port.",
    ),
    (
        errors.DatabaseFullError(),
        "The disk of the database is full. What was acknowledged is stored; free some space and go on.",
    ),
    (errors.PortTakenError("h", 80), "Port 80 on h is taken by another program. Choose another with --port 81."),
    (errors.SettingError("A", "x", "a number"), "A: found 'x', expected a number. Correct or unset it."),
    (errors.UnsafeProductionError(("a", "b")), "PRODUCTION=1 refuses to start: a; b. Mend each"),
    (errors.DatabaseAwayError(), "does not answer at the moment. What was acknowledged is stored; start it"),
    (errors.StudyRestsError("a", "paused", "why"), "Study 'a' is paused (why). Run"),
    (errors.VisitUnknownError(), "goes on in another window, or it is over. Load the page again"),
    (errors.StepMissingError("consent"), "Found no consent, expected it before this step of the visit. Go back"),
    (errors.TrialUnknownError(3), "no trial 3. Load the page again"),
    (errors.UnknownParticipantError("a"), "Study 'a' has no such participant. Give a pseudonym"),
    (errors.BackupError("x", "y"), "Backup: x, expected y. Nothing was changed; run"),
    (errors.AuditError(2), "Found 2 fault(s) in the chains, expected none. Restore"),
    (errors.AccountError("a", "x", "y"), "Account 'a': found x, expected y. Run"),
    (errors.FileThereError(Path("f")), "f: exists already and is not overwritten. Give"),
    (errors.PlacesTakenError("a", 3), "all 3 places are taken. Raise"),
    (errors.AnswerConflictError(7), "Trial 7 was answered before, and the first answer stands. Go on"),
    (errors.UnfinishedError(2), "Found 2 unanswered trial(s), expected none. Go back"),
    (errors.SimulationError("u", 500, "200 at /x"), "u: found HTTP status 500, expected 200 at /x. Check"),
    (errors.NotRecruitedError("a"), "Study 'a': found no [prolific], expected whom to ask and what to pay. Add"),
    (errors.SubmissionStateError("5f", "RETURNED", "X"), "Submission 5f: found RETURNED, expected X. Run"),
    (errors.BonusStateError("a", "x", "y", "Do z."), "Bonuses of 'a': found x, expected y. Do z."),
    (errors.DiscrepancyError("a", 2), "Study 'a': found 2 disagreement(s) with Prolific, expected none. Look"),
]


@pytest.mark.parametrize(("error", "message"), SAMPLES, ids=lambda sample: type(sample).__name__)
def test_a_message_says_found_expected_remedy(error, message):
    """The message is one line with its facts in it."""
    assert message in str(error)
    assert "\n" not in str(error)


def test_every_error_has_its_sample():
    """No class of the tree is without a tested message."""
    assert {type(error) for error, _ in SAMPLES} == set(errors.StudyServerError.__subclasses__())

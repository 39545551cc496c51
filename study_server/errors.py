"""What can go wrong on the server; each says what was found, what was expected, what to do."""

from study_server.failure import StudyServerError as StudyServerError
from study_server.faults_of_machines import AddressError as AddressError
from study_server.faults_of_machines import BackupError as BackupError
from study_server.faults_of_machines import DatabaseAwayError as DatabaseAwayError
from study_server.faults_of_machines import DatabaseFullError as DatabaseFullError
from study_server.faults_of_machines import DatabaseNewerError as DatabaseNewerError
from study_server.faults_of_machines import DatabaseNotMigratedError as DatabaseNotMigratedError
from study_server.faults_of_machines import DatabaseUnreachableError as DatabaseUnreachableError
from study_server.faults_of_machines import FileThereError as FileThereError
from study_server.faults_of_machines import MissingSettingError as MissingSettingError
from study_server.faults_of_machines import PortTakenError as PortTakenError
from study_server.faults_of_machines import SettingError as SettingError
from study_server.faults_of_machines import UnsafeProductionError as UnsafeProductionError
from study_server.faults_of_visits import AnswerConflictError as AnswerConflictError
from study_server.faults_of_visits import PlacesTakenError as PlacesTakenError
from study_server.faults_of_visits import SimulationError as SimulationError
from study_server.faults_of_visits import StepMissingError as StepMissingError
from study_server.faults_of_visits import StudyRestsError as StudyRestsError
from study_server.faults_of_visits import TrialUnknownError as TrialUnknownError
from study_server.faults_of_visits import UnfinishedError as UnfinishedError
from study_server.faults_of_visits import UnknownParticipantError as UnknownParticipantError
from study_server.faults_of_visits import VisitUnknownError as VisitUnknownError


class UnknownStudyError(StudyServerError):
    """No study of this name is in the database."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name, self.known = name, known

    def __str__(self) -> str:
        known = ", ".join(self.known) or "none"
        return (
            f"Study '{self.name}' is not in the database, which holds: {known}. Run `budgetfusion study create` first."
        )


class StudyFrozenError(StudyServerError):
    """A study of this name exists with other contents; a created study never changes."""

    def __init__(self, name: str, changed: tuple[str, ...]) -> None:
        super().__init__(name, changed)
        self.name, self.changed = name, changed

    def __str__(self) -> str:
        return (
            f"Study '{self.name}' exists already, frozen, with other contents: {' and '.join(self.changed)}. "
            "Make it the next version with `--new-version`, or give it another name in [study]."
        )


class SupersededError(StudyServerError):
    """An older version of a study is to take people in, which only the newest does."""

    def __init__(self, name: str, newest: str) -> None:
        super().__init__(name, newest)
        self.name, self.newest = name, newest

    def __str__(self) -> str:
        return (
            f"Study '{self.name}' has the newer version '{self.newest}', which alone takes people in. Resume that one."
        )


class StudyUnreadableError(StudyServerError):
    """A study was frozen by another version of this program, whose study file had other keys."""

    def __init__(self, name: str, fault: str) -> None:
        super().__init__(name, fault)
        self.name, self.fault = name, fault

    def __str__(self) -> str:
        return (
            f"Study '{self.name}' was frozen by another version of BudgetFusion: {self.fault}. "
            "Go on with the version that created it, or create the study again in a new database."
        )


class MaterialError(StudyServerError):
    """The images do not suit the design."""

    def __init__(self, study: str, found: str, expected: str, remedy: str) -> None:
        super().__init__(study, found, expected, remedy)
        self.study, self.found, self.expected, self.remedy = study, found, expected, remedy

    def __str__(self) -> str:
        return f"Study '{self.study}': found {self.found}, expected {self.expected}. {self.remedy}"


class AuditError(StudyServerError):
    """Rows are not as they were written."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count

    def __str__(self) -> str:
        return (
            f"Found {self.count} fault(s) in the chains, expected none. "
            "Restore a backup beside this database and compare the rows that the lines above name."
        )


class AccountError(StudyServerError):
    """An account of the desk cannot be made or removed."""

    def __init__(self, name: str, found: str, expected: str) -> None:
        super().__init__(name, found, expected)
        self.name, self.found, self.expected = name, found, expected

    def __str__(self) -> str:
        return f"Account '{self.name}': found {self.found}, expected {self.expected}. Run the command again with that."


class NotRecruitedError(StudyServerError):
    """The database knows no `[prolific]` of a study."""

    def __init__(self, study: str) -> None:
        super().__init__(study)
        self.study = study

    def __str__(self) -> str:
        return (
            f"Study '{self.study}': found no [prolific], expected whom to ask and what to pay. "
            "Add the table to the study file and run `budgetfusion study create` again; nothing else changes."
        )


class SubmissionStateError(StudyServerError):
    """A submission is not in a state in which this may happen to it."""

    def __init__(self, submission: str, found: str, expected: str) -> None:
        super().__init__(submission, found, expected)
        self.submission, self.found, self.expected = submission, found, expected

    def __str__(self) -> str:
        return (
            f"Submission {self.submission}: found {self.found}, expected {self.expected}. "
            "Run `budgetfusion prolific reconcile` to see it as it is; nothing was sent."
        )


class BonusStateError(StudyServerError):
    """The ledger of bonuses refuses a step, because somebody might be paid twice or by nobody's decision."""

    def __init__(self, study: str, found: str, expected: str, remedy: str) -> None:
        super().__init__(study, found, expected, remedy)
        self.study, self.found, self.expected, self.remedy = study, found, expected, remedy

    def __str__(self) -> str:
        return f"Bonuses of '{self.study}': found {self.found}, expected {self.expected}. {self.remedy}"


class DiscrepancyError(StudyServerError):
    """Prolific's record and ours disagree."""

    def __init__(self, study: str, count: int) -> None:
        super().__init__(study, count)
        self.study, self.count = study, count

    def __str__(self) -> str:
        return (
            f"Study '{self.study}': found {self.count} disagreement(s) with Prolific, expected none. "
            "Look at the submission that each line above names, here and on Prolific."
        )

"""What can go wrong on the server; each says what was found, what was expected, what to do."""

from pathlib import Path

from budgetfusion.errors import BudgetFusionError


class StudyServerError(BudgetFusionError):
    """The base of this package's errors."""


class MissingSettingError(StudyServerError):
    """An environment variable without a default is not set."""

    def __init__(self, name: str, meaning: str) -> None:
        super().__init__(name, meaning)
        self.name, self.meaning = name, meaning

    def __str__(self) -> str:
        return (
            f"Environment variable {self.name} is not set, expected {self.meaning}. "
            f"Set it, e.g. `export {self.name}=...`."
        )


class SettingError(StudyServerError):
    """An environment variable has a value without meaning."""

    def __init__(self, name: str, found: str, expected: str) -> None:
        super().__init__(name, found, expected)
        self.name, self.found, self.expected = name, found, expected

    def __str__(self) -> str:
        return f"Environment variable {self.name}: found '{self.found}', expected {self.expected}. Correct or unset it."


class UnsafeProductionError(StudyServerError):
    """PRODUCTION=1 refuses what loses data or lets strangers in."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return f"PRODUCTION=1 refuses to start: {'; '.join(self.faults)}. Mend each, or unset PRODUCTION for a trial."


class DatabaseUnreachableError(StudyServerError):
    """No database answers at the address; the password in it is never shown."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return (
            f"Database {self.url} cannot be reached: {self.reason}. "
            "Start it, or correct DATABASE_URL, e.g. sqlite:////absolute/path/study.db."
        )


class DatabaseNotMigratedError(StudyServerError):
    """The database has no tables, or those of an older program."""

    def __init__(self, url: str, found: str | None, expected: str) -> None:
        super().__init__(url, found, expected)
        self.url, self.found, self.expected = url, found, expected

    def __str__(self) -> str:
        found = f"schema version {self.found}" if self.found else "no tables of ours"
        return (
            f"Database {self.url}: found {found}, expected version {self.expected}. "
            "Run `budgetfusion study db upgrade`."
        )


class DatabaseNewerError(StudyServerError):
    """The database was migrated by a newer program."""

    def __init__(self, url: str, found: str, known: str) -> None:
        super().__init__(url, found, known)
        self.url, self.found, self.known = url, found, known

    def __str__(self) -> str:
        return (
            f"Database {self.url}: found schema version {self.found}, this program knows up to {self.known}. "
            "Install the newer BudgetFusion that migrated it, or give another database."
        )


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
            "Give the changed study another name in [study]."
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


class PortTakenError(StudyServerError):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host, self.port = host, port

    def __str__(self) -> str:
        return (
            f"Port {self.port} on {self.host} is taken by another program. Choose another with --port {self.port + 1}."
        )


class AddressError(StudyServerError):
    """This machine cannot listen on the address."""

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(host, port, reason)
        self.host, self.port, self.reason = host, port, reason

    def __str__(self) -> str:
        return f"Cannot listen on port {self.port} of {self.host}: {self.reason}. Choose others with --host and --port."


class DatabaseAwayError(StudyServerError):
    """The database stopped answering, and several tries did not bring it back."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "The database does not answer at the moment. What was acknowledged is stored; start it and try again."


class DatabaseFullError(StudyServerError):
    """The disk of the database is full."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "The disk of the database is full. What was acknowledged is stored; free some space and go on."


class FileThereError(StudyServerError):
    """A file that would be written exists."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: exists already and is not overwritten. Give another name, or remove it first."


class PlacesTakenError(StudyServerError):
    """Every place of the study is leased."""

    def __init__(self, study: str, places: int) -> None:
        super().__init__(study, places)
        self.study, self.places = study, places

    def __str__(self) -> str:
        return (
            f"Study '{self.study}': all {self.places} places are taken. "
            "Raise `participants` in a study of a new name to have more."
        )


class StudyRestsError(StudyServerError):
    """A study takes nobody in: it is paused or closed, or this machine is not well."""

    def __init__(self, study: str, state: str, because: str) -> None:
        super().__init__(study, state, because)
        self.study, self.state, self.because = study, state, because

    def __str__(self) -> str:
        because = f" ({self.because})" if self.because else ""
        return (
            f"Study '{self.study}' is {self.state}{because}. Run `budgetfusion study resume {self.study}` to open it."
        )


class VisitUnknownError(StudyServerError):
    """A bearer opens no visit: it is forged or foreign, or the visit went on elsewhere or is over."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "This visit goes on in another window, or it is over. Load the page again to go on here."


class StepMissingError(StudyServerError):
    """Somebody asks for a step of the way before an earlier one is done."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step

    def __str__(self) -> str:
        return (
            f"Found no {self.step}, expected it before this step of the visit. Go back to the study: it leads there, "
            "and everything that is stored is kept."
        )


class TrialUnknownError(StudyServerError):
    """An answer to a trial that the visit does not have."""

    def __init__(self, trial_index: int) -> None:
        super().__init__(trial_index)
        self.trial_index = trial_index

    def __str__(self) -> str:
        return f"This visit has no trial {self.trial_index}. Load the page again to see those that it has."


class BackupError(StudyServerError):
    """A backup cannot be written or restored."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"Backup: {self.found}, expected {self.expected}. Nothing was changed; run the command again with that."


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


class UnknownParticipantError(StudyServerError):
    """Nobody of this pseudonym or external id took part; the id is not repeated, so that no log keeps it."""

    def __init__(self, study: str) -> None:
        super().__init__(study)
        self.study = study

    def __str__(self) -> str:
        return f"Study '{self.study}' has no such participant. Give a pseudonym such as P-0041, or the external id."


class AnswerConflictError(StudyServerError):
    """A second, different answer to a trial; the first stands."""

    def __init__(self, trial_index: int) -> None:
        super().__init__(trial_index)
        self.trial_index = trial_index

    def __str__(self) -> str:
        return f"Trial {self.trial_index} was answered before, and the first answer stands. Go on with the next trial."


class UnfinishedError(StudyServerError):
    """A session was asked to finish while trials are unanswered."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        return f"Found {self.missing} unanswered trial(s), expected none. Go back to the trials and answer them."


class SimulationError(StudyServerError):
    """The server answered a simulated observer otherwise than it answers a person."""

    def __init__(self, url: str, status: int, expected: str) -> None:
        super().__init__(url, status, expected)
        self.url, self.status, self.expected = url, status, expected

    def __str__(self) -> str:
        return (
            f"{self.url}: found HTTP status {self.status}, expected {self.expected}. "
            "Check that the server serves this study and has the same SECRET_KEY."
        )


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

"""What can go wrong with the machine: settings, the database, addresses, files, backups."""

from pathlib import Path

from study_server.failure import StudyServerError


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


class FileThereError(StudyServerError):
    """A file that would be written exists."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: exists already and is not overwritten. Give another name, or remove it first."


class BackupError(StudyServerError):
    """A backup cannot be written or restored."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"Backup: {self.found}, expected {self.expected}. Nothing was changed; run the command again with that."

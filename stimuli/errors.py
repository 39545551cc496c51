"""What can go wrong with stimuli; each says what was found, what was expected, what to do."""

from pathlib import Path

from budgetfusion.errors import BudgetFusionError


class StimuliError(BudgetFusionError):
    """The base of this package's errors."""


class StudyFileError(StimuliError):
    """A study file has a fault; names the file, the key and the reason."""

    def __init__(self, path: Path, key: str, reason: str) -> None:
        super().__init__(path, key, reason)
        self.path, self.key, self.reason = path, key, reason

    def __str__(self) -> str:
        where = f"{self.path}: key '{self.key}'" if self.key else str(self.path)
        return f"{where}: {self.reason}. Correct it, or see a valid file with `budgetfusion study new`."


class ManifestError(StimuliError):
    """A manifest cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}, expected a manifest. Run `budgetfusion stimuli render` to make one."


class StimulusMissingError(StimuliError):
    """An image that the manifest names is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: image is missing, expected it by the manifest. Run `budgetfusion stimuli render` again."


class StimulusMismatchError(StimuliError):
    """A file on disk is not the image that the manifest names."""

    def __init__(self, path: Path, expected: str, found: str) -> None:
        super().__init__(path, expected, found)
        self.path, self.expected, self.found = path, expected, found

    def __str__(self) -> str:
        return (
            f"{self.path}: found pixels with sha256 {self.found[:12]}, expected {self.expected[:12]}. "
            "Delete it and run `budgetfusion stimuli render` again."
        )

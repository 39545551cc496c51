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

    def __init__(self, path: object) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: image is missing, expected it by the manifest. Run `budgetfusion stimuli render` again."


class StimulusMismatchError(StimuliError):
    """A file on disk is not the image that the manifest names."""

    def __init__(self, path: object, expected: str, found: str) -> None:
        super().__init__(path, expected, found)
        self.path, self.expected, self.found = path, expected, found

    def __str__(self) -> str:
        return (
            f"{self.path}: found {self.found}, expected pixels with sha256 {self.expected[:12]}. "
            "Delete it and run `budgetfusion stimuli render` (or import) again."
        )


class EqualConditionsError(StimuliError):
    """Two compared conditions show the same pixels everywhere."""

    def __init__(self, first: str, second: str, num_items: int) -> None:
        super().__init__(first, second, num_items)
        self.first, self.second, self.num_items = first, second, num_items

    def __str__(self) -> str:
        return (
            f"[stimuli] compare: {self.first} and {self.second} render to equal pixels in each of their "
            f"{self.num_items} items, expected a difference in one. Change one of the conditions, or add prompts."
        )


class UnequalSizesError(StimuliError):
    """The images of an item differ in size."""

    def __init__(self, item_id: str, sizes: dict[str, tuple[int, int]]) -> None:
        super().__init__(item_id, sizes)
        self.item_id, self.sizes = item_id, sizes

    def __str__(self) -> str:
        found = ", ".join(f"{name} {width} x {height}" for name, (width, height) in self.sizes.items())
        return (
            f"Item {self.item_id}: found images of different sizes ({found}), expected one size within an item. "
            "Set width and height in [generation] to those of the imported images, or import images of that size."
        )


class NotImportedError(StimuliError):
    """An image that a condition takes from a folder was not imported."""

    def __init__(self, condition: str, prompt: str, seed: int) -> None:
        super().__init__(condition, prompt, seed)
        self.condition, self.prompt, self.seed = condition, prompt, seed

    def __str__(self) -> str:
        return (
            f"Condition {self.condition}: found no image of '{self.prompt}', seed {self.seed}, expected one of rule "
            "'folder'. Run `budgetfusion stimuli import` for this stimuli folder first."
        )


class PatternError(StimuliError):
    """A pattern of file names cannot be used, or fits no file."""

    def __init__(self, pattern: str, found: str, expected: str) -> None:
        super().__init__(pattern, found, expected)
        self.pattern, self.found, self.expected = pattern, found, expected

    def __str__(self) -> str:
        return f"Pattern '{self.pattern}': found {self.found}, expected {self.expected}. Correct --pattern."


class MasterError(StimuliError):
    """An image made elsewhere is not fit to be shown as it is."""

    def __init__(self, path: object, found: str, expected: str, remedy: str) -> None:
        super().__init__(path, found, expected, remedy)
        self.path, self.found, self.expected, self.remedy = path, found, expected, remedy

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}. {self.remedy}"


class StoreError(StimuliError):
    """The place of the images does not answer."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(location, reason)
        self.location, self.reason = location, reason

    def __str__(self) -> str:
        return (
            f"{self.location}: the image store does not answer as it should ({self.reason}), expected a folder or an "
            "object store that fsspec opens. Check the address and the connection, and run it again: what is stored "
            "is kept."
        )

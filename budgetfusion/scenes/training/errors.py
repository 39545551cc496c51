"""What can go wrong in training the embedded world."""

from budgetfusion.errors import BudgetFusionError


class ScenesTrainingError(BudgetFusionError):
    """A training folder does not have what a stage needs, or must not be used."""

    def __init__(self, path: object, found: str, expected: str, remedy: str) -> None:
        super().__init__(path, found, expected, remedy)
        self.path, self.found, self.expected, self.remedy = path, found, expected, remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.found}, expected {self.expected}. {self.remedy}"

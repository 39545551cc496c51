"""The base of what can go wrong on the server."""

from budgetfusion.errors import BudgetFusionError


class StudyServerError(BudgetFusionError):
    """The base of this package's errors."""

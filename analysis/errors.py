"""What can go wrong with data to analyse; each says what was found, what was expected, what to do."""

from budgetfusion.errors import BudgetFusionError


class AnalysisError(BudgetFusionError):
    """The base of this package's errors."""


class ChoicesError(AnalysisError):
    """A file of choices cannot be read as a table."""

    def __init__(self, path: object, found: str, expected: str) -> None:
        super().__init__(path, found, expected)
        self.path, self.found, self.expected = path, found, expected

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}. Make it with `budgetfusion study export`."


class ColumnsError(AnalysisError):
    """A table of choices lacks columns or has others."""

    def __init__(self, path: object, missing: list[str], unknown: list[str]) -> None:
        super().__init__(path, missing, unknown)
        self.path, self.missing, self.unknown = path, missing, unknown

    def __str__(self) -> str:
        return (
            f"{self.path}: found missing columns {self.missing} and unknown columns {self.unknown}, expected exactly "
            "the columns of a choice. Make it again with `budgetfusion study export`."
        )


class ValuesError(AnalysisError):
    """Rows of a table of choices hold wrong values; names the first rows, the columns and the reasons."""

    def __init__(self, path: object, faults: list[str], count: int) -> None:
        super().__init__(path, faults, count)
        self.path, self.faults, self.count = path, faults, count

    def __str__(self) -> str:
        more = f"; and {self.count - len(self.faults)} more" if self.count > len(self.faults) else ""
        return (
            f"{self.path}: found {self.count} wrong value(s), expected none: {'; '.join(self.faults)}{more}. "
            "Correct the export, never the data: `budgetfusion study export` writes valid rows."
        )


class DigestError(AnalysisError):
    """Choices were made about other material, or under another design, than the one given."""

    def __init__(self, what: str, found: list[str], expected: str, remedy: str) -> None:
        super().__init__(what, found, expected, remedy)
        self.what, self.found, self.expected, self.remedy = what, found, expected, remedy

    def __str__(self) -> str:
        found = ", ".join(digest[:12] for digest in self.found)
        return f"Choices carry {self.what} digest {found}, expected {self.expected[:12]}. {self.remedy}"


class NoChoicesError(AnalysisError):
    """Nothing is left to analyse."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return (
            f"Found no {self.what}, expected at least one main trial answered left or right. "
            "Export more choices, or look at the exclusion rules in the study file's [analysis] table."
        )


class EvaluationError(AnalysisError):
    """An evaluation table lacks what a comparison needs."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"The evaluation has {self.found}, expected {self.expected}. Make it again with `budgetfusion evaluate`."


class ValidationDataError(AnalysisError):
    """Published data that a validation recomputes from are not there."""

    def __init__(self, folder: object, absent: dict[str, str]) -> None:
        super().__init__(folder, absent)
        self.folder, self.absent = folder, absent

    def __str__(self) -> str:
        where = "; ".join(f"{name}: {source}" for name, source in self.absent.items())
        return (
            f"{self.folder}: found {len(self.absent)} data set(s) missing, expected each as CSV. They are other "
            f"people's and not shipped; have them from: {where}."
        )


class PairsError(AnalysisError):
    """A table does not hold paired comparisons."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"The comparisons have {self.found}, expected {self.expected}. Correct the table and run it again."


class DisconnectedError(AnalysisError):
    """No chain of comparisons joins some conditions to the others, so no common scale exists."""

    def __init__(self, groups: list[list[str]]) -> None:
        super().__init__(groups)
        self.groups = groups

    def __str__(self) -> str:
        return (
            f"Found {len(self.groups)} groups of conditions that were never compared with each other, expected one: "
            f"{_listed(self.groups)}. Compare conditions across the groups, or scale each group by itself."
        )


class SeparatedError(AnalysisError):
    """Unanimous choices put some conditions infinitely far from the others."""

    def __init__(self, groups: list[list[str]]) -> None:
        super().__init__(groups)
        self.groups = groups

    def __str__(self) -> str:
        return (
            f"Found unanimous choices between groups of conditions, so their distance has no finite estimate, expected "
            f"some disagreement: {_listed(self.groups)}. Use the Gaussian prior (--prior gaussian), or ask more people."
        )


class LevelsError(AnalysisError):
    """Trials have no levels along which a psychometric function could run."""

    def __init__(self, found: list[str]) -> None:
        super().__init__(found)
        self.found = found

    def __str__(self) -> str:
        return (
            f"Found no usable level for, or too few levels among: {', '.join(self.found)}; expected two or more "
            "numbers (above 0 on a logarithmic axis). Show more step counts, or name each condition's level with --at."
        )


class PlanningError(AnalysisError):
    """A study cannot be simulated as it was described, or no size of it suffices."""

    def __init__(self, found: str, expected: str, remedy: str) -> None:
        super().__init__(found, expected, remedy)
        self.found, self.expected, self.remedy = found, expected, remedy

    def __str__(self) -> str:
        return f"Found {self.found}, expected {self.expected}. {self.remedy}"


class ReportedError(AnalysisError):
    """A printed result cannot be read as a percentage with its plus-minus."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"Found '{self.text}', expected a percentage with its error, such as '35.2 ± 8.4'. Correct the numbers."


def _listed(groups: list[list[str]]) -> str:
    return "; ".join(", ".join(group) for group in groups)


class NotEstimableError(AnalysisError):
    """A model cannot be fitted to these data."""

    def __init__(self, what: str, found: str, expected: str) -> None:
        super().__init__(what, found, expected)
        self.what, self.found, self.expected = what, found, expected

    def __str__(self) -> str:
        return f"The {self.what} found {self.found}, expected {self.expected}. Look at the data, or collect more."


class PlanError(AnalysisError):
    """A plan of analysis has a fault."""

    def __init__(self, path: object, key: str, reason: str) -> None:
        super().__init__(path, key, reason)
        self.path, self.key, self.reason = path, key, reason

    def __str__(self) -> str:
        return (
            f"{self.path}: found a fault in [analysis] at '{self.key}' ({self.reason}), expected that table's keys. "
            "`budgetfusion study new` writes them with their meaning."
        )


class ComparisonError(AnalysisError):
    """It is not clear which two conditions are to be compared."""

    def __init__(self, path: object, found: list[str], expected: str) -> None:
        super().__init__(path, found, expected)
        self.path, self.found, self.expected = path, found, expected

    def __str__(self) -> str:
        return f"{self.path}: found the conditions {self.found}, expected {self.expected}. Name them: --compare A:B."


class KeyFileError(AnalysisError):
    """A wide table of answers lacks the file that says which condition was on which side."""

    def __init__(self, path: object, found: str) -> None:
        super().__init__(path, found)
        self.path, self.found = path, found

    def __str__(self) -> str:
        return (
            f"{self.path}: found {self.found}, expected a CSV with the columns question, prompt, left_condition and "
            "right_condition, one row for each answer column. Write it from the survey's page."
        )

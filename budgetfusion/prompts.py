"""Prompts in a text file, one on each line."""

from pathlib import Path

from budgetfusion.errors import BudgetFusionError, FileContentError


class EmptyPromptsError(BudgetFusionError):
    """There is no prompt to work on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: found no prompt, expected at least one line of text. Write one prompt on each line."


def read_prompts(path: Path) -> list[str]:
    """Read a text file with one prompt on each line; blank lines and repeated prompts are dropped.

    Raises:
        EmptyPromptsError: If it is missing or no line holds text.
        FileContentError: If it is not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
    except UnicodeDecodeError as error:
        raise FileContentError(path, f"no text ({error.reason})", "UTF-8", "Save it as UTF-8.") from error
    prompts = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not prompts:
        raise EmptyPromptsError(path)
    return prompts

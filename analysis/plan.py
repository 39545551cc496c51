"""The analysis plan: what was decided before the data, frozen, and named by its digest."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from analysis.errors import PlanError
from budgetfusion.config import digest
from stimuli.studyfile import AnalysisTable, StudyFile, read_study_file

DEFAULTS = "the defaults; no plan was given"


@dataclass(frozen=True)
class AnalysisPlan:
    """The rules of an analysis, where they come from, and the study file that holds them, if it is one.

    `digest` is the sha256 of the rules, the same that the study server keeps as the study's preregistration.
    """

    rules: AnalysisTable = field(default_factory=AnalysisTable)
    origin: str = DEFAULTS
    study: StudyFile | None = None

    @property
    def digest(self) -> str:
        """The sha256 of the rules, 64 hexadecimal digits."""
        return digest(self.rules.model_dump(mode="json"))

    @property
    def level(self) -> float:
        """The level of every interval, 1 - alpha."""
        return 1 - self.rules.alpha

    @property
    def clusters(self) -> tuple[str, ...]:
        """What new samples would have new ones of: participants, and prompts unless these are all that there are."""
        return ("participant", "prompt") if self.rules.generalise_over.endswith("prompts") else ("participant",)


def read_plan(path: Path | None) -> AnalysisPlan:
    """Read a plan from a study file, or from a TOML file that has only the table `[analysis]`.

    Args:
        path: The file; none: the defaults.

    Raises:
        PlanError: If a file with only `[analysis]` has a fault in it.
        StudyFileError: If it is a study file with a fault, is missing, or is not TOML.
    """
    if path is None:
        return AnalysisPlan()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raw = {}  # the reader of study files says what is wrong
    if list(raw) != ["analysis"]:
        study = read_study_file(path)
        return AnalysisPlan(study.analysis, f"the study file {path.name}", study)
    try:
        return AnalysisPlan(AnalysisTable.model_validate(raw["analysis"]), f"the plan {path.name}")
    except ValidationError as error:
        fault = error.errors()[0]
        raise PlanError(path, ".".join(map(str, fault["loc"])), fault["msg"]) from error

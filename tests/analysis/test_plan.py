"""The plan: frozen, named by its digest, read from a study file or alone."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from analysis.errors import PlanError
from analysis.plan import AnalysisPlan, read_plan
from stimuli.errors import StudyFileError
from stimuli.studyfile import read_study_file, template


def test_a_study_files_plan_has_its_digest(tmp_path: Path) -> None:
    """The digest of the plan is the preregistration that the study server keeps."""
    (tmp_path / "prompts.txt").write_text("a ball\n")
    path = tmp_path / "study.toml"
    path.write_text(template())
    plan = read_plan(path)

    assert plan.digest == read_study_file(path).analysis_digest
    assert plan.origin == "the study file study.toml"


def test_a_plan_can_stand_alone(tmp_path: Path) -> None:
    """A file with only [analysis] is a plan; another rule is another digest."""
    path = tmp_path / "plan.toml"
    path.write_text("[analysis]\nalpha = 0.1\ngeneralise_over = 'participants'\n")
    plan = read_plan(path)

    assert (plan.level, plan.clusters, plan.study) == (0.9, ("participant",), None)
    assert plan.digest != AnalysisPlan().digest


def test_a_fault_in_a_plan_is_named(tmp_path: Path) -> None:
    """A misspelt key is named with its file; a missing file is that of a study."""
    path = tmp_path / "plan.toml"
    path.write_text("[analysis]\nalfa = 0.1\n")

    with pytest.raises(PlanError, match=r"plan\.toml: found a fault in \[analysis\] at 'alfa'"):
        read_plan(path)
    with pytest.raises(StudyFileError, match="file is missing"):
        read_plan(tmp_path / "none.toml")


def test_a_plan_is_frozen() -> None:
    """Nothing in a plan can be changed after it was made."""
    with pytest.raises(FrozenInstanceError):
        AnalysisPlan().origin = "later"  # type: ignore[misc]

"""The study file: one TOML, each table read by its owner, one digest for each table."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from budgetfusion.config import GenerationConfig, digest
from budgetfusion.prompts import EmptyPromptsError, read_prompts
from stimuli.errors import StudyFileError


class Table(BaseModel):
    """A table of the study file: frozen, and a misspelt key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StudyTable(Table):
    """`[study]`: what the study is called and who answers for it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="lower-case letters, digits and hyphens")
    title: str
    institution: str
    contact: str
    ethics: str = Field(description="the approval number of the ethics committee")


class Condition(Table):
    """One way of making an image: a budget rule or a fixed number of steps."""

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_-]{0,19}$")
    rule: Literal["predicted", "uniform", "steps"]
    num_steps: int | None = Field(None, ge=1, le=1000)

    @model_validator(mode="after")
    def _steps_go_with_their_rule(self) -> Self:
        if (self.rule == "steps") != (self.num_steps is not None):
            raise ValueError("num_steps is given exactly when rule is 'steps'")
        return self


PRESET = (
    Condition(name="OURS", rule="predicted"),
    Condition(name="UNIFORM", rule="uniform"),
    Condition(name="REFERENCE", rule="steps", num_steps=65),
)
"""OURS: the predicted plateau; UNIFORM: rounded mean of OURS; REFERENCE: 65 steps (arXiv:2412.05780, section 4)."""


class StimuliTable(Table):
    """`[stimuli]`: which prompts, seeds and conditions become images."""

    prompts: list[str] | str = Field(description="the prompts, or the name of a text file with one on each line")
    seeds: list[int] = Field(min_length=1)
    conditions: list[Condition] = Field(default=list(PRESET))
    compare: tuple[str, str] = ("OURS", "UNIFORM")
    reference: str | None = Field("REFERENCE", description="shown in the middle; '' for none")
    catch_items: int = Field(4, ge=0, description="items with one obviously worse side")
    practice_items: int = Field(2, ge=0, description="items with feedback before the first block")
    obvious_num_steps: int = Field(3, ge=1, description="steps of the obviously worse side of catch and practice items")

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, value: list[int]) -> list[int]:
        if len(set(value)) != len(value):
            raise ValueError(f"seeds must differ, found {value}")
        return value

    @field_validator("reference")
    @classmethod
    def _empty_means_none(cls, value: str | None) -> str | None:
        return value or None

    @model_validator(mode="after")
    def _named_conditions_exist(self) -> Self:
        names = [condition.name for condition in self.conditions]
        if len(set(names)) != len(names):
            raise ValueError(f"condition names must differ, found {names}")
        missing = {*self.compare, *([self.reference] if self.reference else [])} - set(names)
        if missing:
            raise ValueError(f"unknown condition {sorted(missing)}, declared are {names}")
        if len({*self.compare, self.reference}) < 3:
            raise ValueError("compare needs two different conditions, neither of them the reference")
        return self

    @model_validator(mode="after")
    def _checks_need_a_fixed_reference(self) -> Self:
        fixed = {condition.name for condition in self.conditions if condition.rule == "steps"}
        if (self.catch_items or self.practice_items) and self.reference not in fixed:
            raise ValueError("catch_items and practice_items need a reference of rule 'steps'; else set both to 0")
        return self


class DesignTable(Table):
    """`[design]`: what each participant sees, and in which order."""

    task: Literal["similar-to-reference"] = "similar-to-reference"
    participants: int = Field(ge=1, description="places in the study")
    main_trials: int = Field(ge=1, description="main trials for each participant; items are shown evenly often")
    repeats: int = Field(0, ge=0, description="main trials shown again with swapped sides")
    blocks: int = Field(1, ge=1, description="blocks of trials, with a break between")
    blank_ms: int = Field(500, ge=0, description="plain grey before each trial, milliseconds")
    seed: int = Field(0, description="of the trial plans")


class TextsTable(Table):
    """`[texts]`: what participants read, Markdown."""

    landing: str
    consent: str
    instructions: str
    question: str
    declined: str
    debrief: str


class AnalysisTable(Table):
    """`[analysis]`: decided before the data; its digest is the preregistration."""

    alpha: float = Field(0.05, gt=0, lt=0.5)
    margin_jnd: float = Field(1.0, gt=0, le=5, description="not worse: less than this many JND below")
    equivalence_jnd: float = Field(0.5, gt=0, le=5, description="equal: less than this many JND apart")
    generalise_over: Literal["participants-and-prompts", "participants"] = "participants-and-prompts"
    ties: Literal["drop", "half"] = Field("drop", description="a tie is left out, or counts one half for each")
    min_catch_accuracy: float = Field(0.6, ge=0, le=1, description="below this a participant is excluded")
    min_median_rt_ms: float = Field(300, ge=0, description="below this a participant is excluded")
    max_one_side: float = Field(0.95, ge=0.5, le=1, description="above this share of one side, excluded")
    min_main_trials: int = Field(1, ge=1, description="below this a participant is excluded")
    drop_flags: tuple[str, ...] = Field((), description="trials with one of these flags are left out")
    replicates: int = Field(2000, ge=200, le=100_000, description="of each bootstrap")
    seed: int = 0


class StudyFile(Table):
    """The whole study file."""

    study: StudyTable
    generation: GenerationConfig = GenerationConfig()
    stimuli: StimuliTable
    design: DesignTable
    texts: TextsTable
    analysis: AnalysisTable = AnalysisTable()

    @model_validator(mode="after")
    def _the_task_has_its_reference(self) -> Self:
        if self.design.task == "similar-to-reference" and not self.stimuli.reference:
            raise ValueError("task 'similar-to-reference' needs [stimuli] reference")
        return self

    @property
    def stimuli_digest(self) -> str:
        """Digest of `[generation]` and `[stimuli]`: stands in the manifest."""
        return digest([self.generation.model_dump(mode="json"), self.stimuli.model_dump(mode="json")])

    @property
    def study_digest(self) -> str:
        """Digest of `[design]` and `[texts]`: stands in every choice."""
        return digest([self.design.model_dump(mode="json"), self.texts.model_dump(mode="json")])

    @property
    def analysis_digest(self) -> str:
        """Digest of `[analysis]`: the preregistration."""
        return digest(self.analysis.model_dump(mode="json"))


def read_study_file(path: Path) -> StudyFile:
    """Read and check a study file; a prompts file it names is read in, relative to the study file.

    Raises:
        StudyFileError: If it is absent, not TOML, or has a fault; names the key and the reason.
        EmptyPromptsError: If there is no prompt in it.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        raw.pop("prolific", None)  # read by its owner, prolific_config, and in no digest
        study = StudyFile.model_validate(raw)
    except FileNotFoundError as error:
        raise StudyFileError(path, "", "file is missing") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyFileError(path, "", f"not valid TOML ({error})") from error
    except ValidationError as error:
        fault = error.errors()[0]
        raise StudyFileError(
            path, ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
        ) from error
    prompts = _prompts(study.stimuli.prompts, path)
    return study.model_copy(update={"stimuli": study.stimuli.model_copy(update={"prompts": prompts})})


def template() -> str:
    """Return the commented study file that `budgetfusion study new` writes."""
    return files("stimuli").joinpath("template.toml").read_text(encoding="utf-8")


def _prompts(value: list[str] | str, path: Path) -> list[str]:
    if isinstance(value, str):
        return read_prompts(path.parent / value)
    prompts = list(dict.fromkeys(prompt.strip() for prompt in value if prompt.strip()))
    if not prompts:
        raise EmptyPromptsError(path)
    return prompts

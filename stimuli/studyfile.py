"""The study file: one TOML, each table read by its owner, one digest for each table."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from budgetfusion.config import GenerationConfig, digest
from stimuli.conditions import StimuliTable
from stimuli.conditions import Table as Table  # other packages declare their tables with it
from stimuli.designs import assign, groups
from stimuli.errors import StudyFileError
from stimuli.prompts import prompts_of


class StudyTable(Table):
    """`[study]`: what the study is called and who answers for it."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="lower-case letters, digits and hyphens")
    title: str
    institution: str
    contact: str
    ethics: str = Field(description="the approval number of the ethics committee")
    returning: Literal["once", "each-version"] = Field(
        "once", description="whether who took one version of the study may take a later one, too"
    )


DeviceKind = Literal["desktop", "tablet", "phone"]
Key = Annotated[str, Field(pattern=r"^([a-z0-9]|arrow(left|right|up|down))$")]


class Question(Table):
    """One question of the comprehension check; `right` never leaves the server."""

    question: str
    answers: tuple[str, ...] = Field(min_length=2, max_length=6)
    right: int = Field(ge=1, description="which of the answers is right, from 1")

    @model_validator(mode="after")
    def _the_right_answer_is_there(self) -> Self:
        if self.right > len(self.answers):
            raise ValueError(f"right = {self.right}, found {len(self.answers)} answers")
        return self


class DesignTable(Table):
    """`[design]`: what each participant sees, and in which order."""

    task: Literal["similar-to-reference", "better-than", "which-is-reference"] = "similar-to-reference"
    participants: int = Field(ge=1, description="places in the study")
    main_trials: int = Field(ge=1, description="main trials for each participant; items are shown evenly often")
    repeats: int = Field(0, ge=0, description="main trials shown again with swapped sides")
    blocks: int = Field(1, ge=1, description="blocks of trials, with a break between")
    blank_ms: int = Field(500, ge=0, description="plain grey before each trial, milliseconds")
    layout: Literal["side-by-side", "reference-above", "flip"] = "side-by-side"
    min_exposure_ms: int = Field(500, ge=0, le=60_000, description="of layout flip: each image is up so long, at least")
    left_key: Key = "f"
    right_key: Key = "j"
    not_sure: bool = Field(False, description="whether 'not sure' is a third answer")
    comprehension_tries: int = Field(2, ge=2, le=10, description="tries of the comprehension check")
    devices: tuple[DeviceKind, ...] = Field(
        ("desktop", "tablet", "phone"), min_length=1, description="that may take part"
    )
    card_calibration: bool = Field(False, description="whether a bank card on the screen tells its pixels per mm")
    pad_images: bool = Field(False, description="whether all images are sent with one length, so that none tells more")
    seed: int = Field(0, description="of the trial plans")

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        if len({self.left_key, self.right_key, "n" if self.not_sure else ""}) < 3:
            raise ValueError("left_key and right_key must differ, and 'n' is for 'not sure'")
        return self


class TextsTable(Table):
    """`[texts]`: what participants read, Markdown, and in which language the pages speak beside it."""

    language: Literal["ar", "de", "en"] = Field("en", description="of the texts, and of the pages' own words")
    landing: str
    consent: str
    instructions: str
    question: str
    declined: str
    debrief: str
    comprehension: tuple[Question, ...] = Field((), max_length=10)


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


class QualityTable(Table):
    """`[quality]`: decided before the data; what marks a participant's rows, and never deletes one."""

    min_repeat_consistency: float = Field(0.5, ge=0, le=1, description="below this share of equal repeats: q-repeats")
    side_band: float = Field(0.999, gt=0.5, lt=1, description="beyond this binomial band round one half: q-side")
    fast_ms: float = Field(300, ge=0, description="a main trial answered sooner is too fast, milliseconds")
    max_fast_share: float = Field(0.2, ge=0, le=1, description="above this share of too fast ones: q-fast")
    max_run: int = Field(15, ge=2, description="above this many answers in a row on one side: q-run")
    max_focus_losses: int = Field(5, ge=0, description="the page hidden more often than this: q-focus")
    max_zoom_changes: int = Field(2, ge=0, description="window or zoom changed more often than this: q-zoom")
    shows_results: bool = Field(False, description="whether the desk tells choices by condition before the close")


class StudyFile(Table):
    """The whole study file."""

    study: StudyTable
    generation: GenerationConfig = GenerationConfig()
    stimuli: StimuliTable
    design: DesignTable
    texts: TextsTable
    analysis: AnalysisTable = AnalysisTable()
    quality: QualityTable = QualityTable()

    @model_validator(mode="after")
    def _the_task_has_its_reference(self) -> Self:
        if self.design.task != "which-is-reference" and not self.stimuli.reference:
            raise ValueError(f"task '{self.design.task}' needs [stimuli] reference")
        return self

    @model_validator(mode="after")
    def _held_out_prompts_go_with_their_model(self) -> Self:
        if self.stimuli.prompts_from and self.generation.model != "scenes":
            raise ValueError(
                f"[stimuli] prompts_from = '{self.stimuli.prompts_from}' is what the model 'scenes' did not learn "
                f"from, found model '{self.generation.model}'; give prompts"
            )
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

    @property
    def quality_digest(self) -> str:
        """Digest of `[quality]`: the declared rules by which rows are marked."""
        return digest(self.quality.model_dump(mode="json"))


def read_study_file(path: Path) -> StudyFile:
    """Read and check a study file; a prompts are read in, from the file it names (relative to it) or by sampling.

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
    table = study.stimuli.model_copy(update={"prompts": prompts_of(study.stimuli, path)})
    _refuse_loose_ends(table, path)
    return study.model_copy(update={"stimuli": table})


def template() -> str:
    """Return the commented study file that `budgetfusion study new` writes."""
    return files("stimuli").joinpath("template.toml").read_text(encoding="utf-8")


def _refuse_loose_ends(table: StimuliTable, path: Path) -> None:
    """Refuse a design that leaves conditions without a way of comparing them, or a pair without an item."""
    lines = [f"{prompt}/{seed}" for seed in table.seeds for prompt in table.prompts or []]
    shown = {pair for line in assign(table.compared(), lines, table.pairs_per_item) for pair in line}
    found = groups(sorted(shown))
    if len(found) > 1 or set().union(*found) < set(table.compare):
        reason = f"{len(lines)} prompts and seeds with {table.pairs_per_item} pairs each do not join all conditions"
        raise StudyFileError(path, "stimuli.pairs_per_item", f"{reason}; give more of either")

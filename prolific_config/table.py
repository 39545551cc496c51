"""`[prolific]` of a study file: whom we ask and what we pay. It is in no digest: a corrected price freezes nothing."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from prolific_config import policy
from prolific_config.models import RangeFilter, SelectFilter
from prolific_config.money import Currency, Money, money
from stimuli.errors import StudyFileError
from stimuli.studyfile import StudyFile, Table, read_study_file

Id = Annotated[str, Field(pattern=r"^[0-9a-fA-F-]{8,40}$", description="an id that Prolific gave")]
Amount = Annotated[Decimal, Field(gt=0, decimal_places=2, max_digits=9)]
EntryTokens = Literal["required", "verify-if-present", "off"]


class ProlificTable(Table):
    """`[prolific]`: what participants read on Prolific, what they are paid, who may come."""

    name: str = Field(min_length=1, max_length=120, description="the study's name as participants read it")
    description: str = Field(min_length=1, description="what participants read before they start; some HTML")
    minutes: int = Field(ge=1, le=600, description="estimated time, from a pilot's median")
    reward: Amount = Field(description="for one participant, in the currency's unit")
    currency: Currency
    places: int | None = Field(None, ge=1, description="how many people; none: [design] participants")
    maximum_minutes: int | None = Field(None, ge=1, description="a submission times out after; none: Prolific's own")
    devices: tuple[Literal["desktop", "tablet", "mobile"], ...] = ("desktop",)
    filters: tuple[SelectFilter | RangeFilter, ...] = Field((), description="who may see the study")
    label: Literal["survey", "annotation", "decision_making_task", "ai_annotation", "ai_evaluation", "other"] | None = (
        None
    )
    project: Id | None = None
    at_once: int | None = Field(None, ge=1, description="at most so many take part at the same time")
    add_to_group: Id | None = Field(None, description="participant group that finishers join")
    exclude_groups: tuple[Id, ...] = Field((), description="participant groups that may not come")
    screen_out_reward: Amount | None = Field(None, description="paid to those screened out, in the currency's unit")
    screen_out_slots: int | None = Field(None, ge=1, description="after so many screen-outs the study pauses")
    entry_token: EntryTokens = Field("off", description="whether arrivals must carry Prolific's signature")

    @model_validator(mode="after")
    def _screen_outs_are_whole(self) -> Self:
        if (self.screen_out_reward is None) != (self.screen_out_slots is None):
            raise ValueError("screen_out_reward and screen_out_slots are given together or not at all")
        if self.screen_out_reward is not None and self.screen_out_reward >= self.reward:
            raise ValueError("screen_out_reward must be less than reward")
        return self

    @property
    def reward_money(self) -> Money:
        """The reward of one participant."""
        return money(self.reward, self.currency)


def read_prolific(path: Path) -> tuple[StudyFile, ProlificTable]:
    """Read a study file with its `[prolific]`.

    Raises:
        StudyFileError: If it is absent or has a fault; names the key and the reason.
    """
    study = read_study_file(path)
    raw = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    if "prolific" not in raw:
        raise StudyFileError(path, "prolific", "table is missing; docs/reference/study-file.md lists its keys")
    try:
        return study, ProlificTable.model_validate(raw["prolific"])
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(("prolific", *map(str, fault["loc"])))
        raise StudyFileError(path, key, fault["msg"].removeprefix("Value error, ")) from error


def findings_of(table: ProlificTable, instruction_checks: int) -> list[policy.Finding]:
    """Return what policy has to say about a table.

    Args:
        table: `[prolific]`.
        instruction_checks: How many each participant sees.
    """
    return policy.lint(table.reward_money, table.minutes, table.maximum_minutes, table.description, instruction_checks)

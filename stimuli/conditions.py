"""The study file's `[stimuli]`: which prompts, seeds and conditions become images, and which are compared."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stimuli.designs import Pair, PairDesign, pair_up
from stimuli.manifest import INSTRUCTED, OBVIOUS, OTHER, SAME, ImageFormat

MAX_SAMPLED = 120
"""The embedded world has few crowded captions: many more prompts could not be spread evenly over its strata."""

_RESERVED = {OBVIOUS, SAME, INSTRUCTED, OTHER}


class Table(BaseModel):
    """A table of the study file: frozen, and a misspelt key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Table):
    """One way of making an image: a budget rule, a fixed number of steps, or a folder of images made elsewhere."""

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_-]{0,19}$")
    rule: Literal["predicted", "uniform", "steps", "folder"]
    num_steps: int | None = Field(None, ge=1, le=1000)
    factor: float = Field(1.0, gt=0, le=16, description="of rule 'predicted': so many times the predicted steps")

    @field_validator("name")
    @classmethod
    def _name_is_free(cls, value: str) -> str:
        if value in _RESERVED:
            raise ValueError(f"{value} names the program's own images; choose another name")
        return value

    @model_validator(mode="after")
    def _numbers_go_with_their_rule(self) -> Self:
        if (self.rule == "steps") != (self.num_steps is not None):
            raise ValueError("num_steps is given exactly when rule is 'steps'")
        if self.factor != 1 and self.rule != "predicted":
            raise ValueError("factor is given only when rule is 'predicted'")
        return self


PRESET = (
    Condition(name="OURS", rule="predicted"),
    Condition(name="UNIFORM", rule="uniform"),
    Condition(name="REFERENCE", rule="steps", num_steps=65),
)
"""OURS: the predicted plateau; UNIFORM: rounded mean of OURS; REFERENCE: 65 steps (arXiv:2412.05780, section 4)."""


class StimuliTable(Table):
    """`[stimuli]`: what becomes images, and what stands beside what."""

    prompts: list[str] | str | None = Field(None, description="the prompts, or a text file with one on each line")
    prompts_from: Literal["held-out"] | None = Field(None, description="instead: sampled from prompts held out")
    num_prompts: int | None = Field(None, ge=1, le=MAX_SAMPLED, description="how many are sampled")
    prompts_seed: int = Field(0, ge=0, description="of the sample")
    seeds: list[int] = Field(min_length=1)
    conditions: list[Condition] = Field(default=list(PRESET))
    compare: list[str] = Field(default=["OURS", "UNIFORM"], min_length=2)
    pairs: PairDesign = Field("full", description="which of the compared conditions stand beside each other")
    pairs_per_item: int | None = Field(None, ge=1, description="of 'balanced': pairs for each prompt and seed")
    bridge: str | None = Field(None, description="of 'bridge': the condition that each other one meets")
    reference: str | None = Field("REFERENCE", description="shown in the middle; '' for none")
    catch_items: int = Field(4, ge=0, description="items with one obviously worse side")
    practice_items: int = Field(2, ge=0, description="items with feedback before the first block")
    identical_items: int = Field(0, ge=0, description="items whose two sides are the same picture")
    check_items: int = Field(0, ge=0, description="items whose pictures say in words which to choose")
    obvious_num_steps: int = Field(3, ge=1, description="steps of the obviously worse side of catch and practice items")
    image_format: ImageFormat = Field("png", description="of the files; both are lossless")

    def compared(self) -> list[Pair]:
        """Return every pair of the design, the headline first."""
        return pair_up(self.compare, self.pairs, self.bridge)

    def shown(self) -> list[Condition]:
        """Return the conditions that a participant may see, in the order of their declaration."""
        names = {name for pair in self.compared() for name in pair} | {self.reference}
        return [condition for condition in self.conditions if condition.name in names]

    def needs(self, *rules: str) -> bool:
        """Say whether a condition that is shown is made by one of these rules."""
        return any(condition.rule in rules for condition in self.shown())

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, value: list[int]) -> list[int]:
        if len(set(value)) != len(value):
            raise ValueError(f"seeds must differ, found {value}")
        return value

    @field_validator("reference", "bridge")
    @classmethod
    def _empty_means_none(cls, value: str | None) -> str | None:
        return value or None

    @model_validator(mode="after")
    def _named_conditions_exist(self) -> Self:
        names = [condition.name for condition in self.conditions]
        if len(set(names)) != len(names):
            raise ValueError(f"condition names must differ, found {names}")
        named = {*self.compare, self.reference or names[0], self.bridge or names[0]}
        if missing := named - set(names):
            raise ValueError(f"unknown condition {sorted(missing)}, declared are {names}")
        if len(set(self.compare)) != len(self.compare):
            raise ValueError(f"compare needs different conditions, found {self.compare}")
        return self

    @model_validator(mode="after")
    def _keys_go_with_their_design(self) -> Self:
        if (self.pairs == "bridge") != (self.bridge is not None):
            raise ValueError("bridge is given exactly when pairs is 'bridge'")
        if (self.pairs == "balanced") != (self.pairs_per_item is not None):
            raise ValueError("pairs_per_item is given exactly when pairs is 'balanced'")
        if self.pairs_per_item and self.pairs_per_item > (most := len(self.compared())):
            raise ValueError(f"pairs_per_item is {self.pairs_per_item}, but there are only {most} pairs")
        return self

    @model_validator(mode="after")
    def _compared_images_differ(self) -> Self:
        steps = {condition.name: condition.num_steps for condition in self.conditions}
        for one, other in self.compared():
            if steps[one] and steps[one] == steps[other]:
                raise ValueError(f"{one} and {other} both take {steps[one]} steps, so they render to equal pixels")
        return self

    @model_validator(mode="after")
    def _checks_need_a_fixed_reference(self) -> Self:
        fixed = {condition.name for condition in self.conditions if condition.rule in ("steps", "folder")}
        if (self.catch_items or self.practice_items or self.identical_items) and self.reference not in fixed:
            raise ValueError(
                "catch_items, practice_items and identical_items need a reference of rule 'steps' or 'folder'; "
                "else set them to 0"
            )
        return self

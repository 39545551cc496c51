"""What the participant's page sends, checked at the door."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Mark = Literal["hidden", "zoomed", "paused", "resumed", "late"]
Kind = Literal["hidden", "shown", "zoomed", "paused", "retried", "loaded", "failed", "flipped"]

ClientMoment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))]
"""A moment on the client's clock, which may be wrong by hours, and not by centuries."""


class Submission(BaseModel):
    """One answer as the participant's browser reports it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uuid: UUID = Field(description="made by the client; the same answer sent again has the same one")
    trial: int = Field(ge=0, le=100_000, description="trial_index")
    response: Literal["left", "right", "tie"] = Field(description="tie: not sure, where the study asks for it")
    rt_ms: float = Field(
        ge=0, le=86_400_000, allow_inf_nan=False, description="painted onset to response, milliseconds"
    )
    shown_at: ClientMoment
    flags: tuple[Mark, ...] = Field(
        (), max_length=5, description="page hidden, zoomed, paused, after a reload, frames missed"
    )


class Happening(BaseModel):
    """One event beside the answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uuid: UUID = Field(description="made by the client; the same event sent again has the same one")
    kind: Kind
    trial: int | None = Field(None, ge=0, le=100_000, description="trial_index, if it belongs to one")
    value: float | None = Field(None, allow_inf_nan=False, description="e.g. milliseconds, or the device pixel ratio")
    happened_at: ClientMoment


class Happenings(BaseModel):
    """Events of one visit, sent together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: list[Happening] = Field(min_length=1, max_length=50)


class Withdrawal(BaseModel):
    """The wish to leave."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    erase: bool = Field(False, description="whether the answers so far shall be erased")

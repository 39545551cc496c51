"""What the trial page sends for one answer, checked at the door."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Mark = Literal["hidden", "zoomed", "paused", "resumed"]


class Submission(BaseModel):
    """One answer as the participant's browser reports it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uuid: UUID = Field(description="made by the client; the same answer sent again has the same one")
    trial: int = Field(ge=0, description="trial_index")
    response: Literal["left", "right"]
    rt_ms: float = Field(
        ge=0, le=86_400_000, allow_inf_nan=False, description="painted onset to response, milliseconds"
    )
    shown_at: AwareDatetime
    flags: tuple[Mark, ...] = Field((), max_length=4, description="page hidden, zoomed, dialog opened, after a reload")

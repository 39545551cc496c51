"""The records that Prolific's interface takes and gives.

What we send is strict: a misspelt field is a fault. What we are sent is tolerant: unknown fields are ignored, and a
missing one is named. Statuses are Prolific's own words, verbatim, with their spaces and hyphens; a new one is no fault.
"""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, RootModel

from prolific_config.money import Cents, Currency, Money

RESERVED, ACTIVE, AWAITING_REVIEW = "RESERVED", "ACTIVE", "AWAITING REVIEW"
APPROVED, REJECTED, PARTIALLY_APPROVED = "APPROVED", "REJECTED", "PARTIALLY APPROVED"
RETURNED, TIMED_OUT, SCREENED_OUT = "RETURNED", "TIMED-OUT", "SCREENED OUT"
UNPUBLISHED = "UNPUBLISHED"

StudyAction = Literal["PUBLISH", "SCHEDULE_PUBLISH", "CANCEL_PUBLISH", "PAUSE", "START", "STOP"]


class Sent(BaseModel):
    """Something that we send."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(BaseModel):
    """Something that Prolific sends."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SelectFilter(Sent):
    """People for whom one of these values holds."""

    filter_id: str
    selected_values: tuple[str, ...] = Field(min_length=1)


class Range(Sent):
    """From and to, both included; at least one is given."""

    lower: int | str | None = None
    upper: int | str | None = None


class RangeFilter(Sent):
    """People for whom a number lies in a range."""

    filter_id: str
    selected_range: Range


class Action(Sent):
    """What Prolific does when somebody comes back with a code."""

    action: Literal[
        "MANUALLY_REVIEW",
        "REQUEST_RETURN",
        "ADD_TO_PARTICIPANT_GROUP",
        "FIXED_SCREEN_OUT_PAYMENT",
    ]
    return_reason: str | None = None
    participant_group: str | None = None
    fixed_screen_out_reward: int | None = None
    slots: int | None = None


class CompletionCode(Sent):
    """One code, what it stands for, and what follows from it."""

    code: str
    code_type: str
    actions: tuple[Action, ...]
    actor: Literal["participant", "researcher"] = "participant"


class SubmissionsConfig(Sent):
    """How submissions come in."""

    max_submissions_per_participant: int = 1
    max_concurrent_submissions: int = Field(-1, description="-1: no limit")


class Draft(Sent):
    """A study as we ask Prolific to make it; `reward` in cents, times in minutes."""

    name: str
    internal_name: str
    description: str
    external_study_url: str
    prolific_id_option: Literal["url_parameters"] = "url_parameters"
    completion_codes: tuple[CompletionCode, ...]
    total_available_places: int
    estimated_completion_time: int
    maximum_allowed_time: int | None = None
    reward: int
    device_compatibility: tuple[str, ...]
    filters: tuple[SelectFilter | RangeFilter, ...]
    project: str | None = None
    submissions_config: SubmissionsConfig
    study_labels: tuple[str, ...] | None = None
    metadata: str
    is_external_study_url_secure: bool | None = None


class StudyEntry(Given):
    """A study in a list."""

    id: str
    name: str
    internal_name: str | None = None
    status: str | None = None


class Study(Given):
    """A study as Prolific has it; `reward` in cents."""

    id: str
    status: str
    name: str
    internal_name: str | None = None
    description: str = ""
    external_study_url: str | None = None
    total_available_places: int
    estimated_completion_time: float
    maximum_allowed_time: float | None = None
    reward: Cents
    device_compatibility: tuple[str, ...] = ()
    completion_codes: tuple[dict[str, object], ...] = ()
    metadata: str | None = None


class TestStudy(Given):
    """The copy of a draft that test participants can take."""

    __test__ = False  # pytest takes the name for a test

    study_id: str
    study_url: str


class Amount(Given):
    """Money as Prolific writes it in a cost."""

    amount: Cents
    currency: Currency

    @property
    def money(self) -> Money:
        """The same, as ours."""
        return Money(self.amount, self.currency)


class CostPart(Given):
    """Rewards or bonuses, with what Prolific and the state take for them."""

    rewards: Amount
    fees: Amount
    tax: Amount


class StudyCost(Given):
    """What a study costs, or has cost."""

    rewards: CostPart
    bonuses: CostPart | None = None


class CalculatedCost(Given):
    """The total of a study that is not there yet, cents with fees and tax."""

    total_cost: Cents


class Submission(Given):
    """One person's submission, in a list."""

    id: str
    participant_id: str
    status: str
    started_at: AwareDatetime
    completed_at: AwareDatetime | None = None
    study_code: str | None = None
    return_requested: AwareDatetime | None = None


class SubmissionDetail(Given):
    """One person's submission, by itself; its fields have other names than in the list."""

    id: str
    participant: str | None = None
    status: str
    study_id: str
    started_at: AwareDatetime
    completed_at: AwareDatetime | None = None
    entered_code: str | None = None
    bonus_payments: tuple[Cents, ...] = ()


class Counts(RootModel[dict[str, object]]):
    """Numbers of submissions by status; whatever is no number is ignored."""


class BonusBatch(Given):
    """Bonuses that are set up and not paid; cents."""

    id: str
    amount: Cents | None = None
    fees: Cents | None = None
    vat: Cents | None = None
    total_amount: Cents


class Group(Given):
    """A participant group."""

    id: str
    name: str | None = None
    participant_count: int | None = None


class Member(Given):
    """Somebody in a participant group."""

    participant_id: str


class Subscription(Given):
    """Where Prolific sends an event type."""

    id: str
    event_type: str
    target_url: str
    is_enabled: bool = True


class Secret(Given):
    """What Prolific signs a workspace's webhooks with."""

    id: str
    value: str = Field(repr=False)
    workspace_id: str


class TestParticipant(Given):
    """A participant who can take only test studies."""

    __test__ = False  # pytest takes the name for a test

    participant_id: str


class EventType(Given):
    """Something that can be subscribed to."""

    event_type: str

"""The tables of a study: what is shown, who came, what was planned, what was answered.

Only `Identity` knows who somebody is; everything else knows a pseudonym. What guards the desk is in `ledger`.
"""

from datetime import datetime

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from study_server.columns import ENDS as ENDS
from study_server.columns import EVENTS as EVENTS
from study_server.columns import MODES as MODES
from study_server.columns import PURPOSES as PURPOSES
from study_server.columns import RESPONSES as RESPONSES
from study_server.columns import SLOT_STATES as SLOT_STATES
from study_server.columns import STATES as STATES
from study_server.columns import STUDY_STATES as STUDY_STATES
from study_server.columns import Base as Base
from study_server.columns import Moment as Moment
from study_server.columns import one_of as one_of


class Study(Base):
    """One frozen version of a study: its file and manifest as they were created, and whether people may come.

    A trigger refuses to change what is frozen; a changed study is the next version of its series. `name` is the
    version's address: that of the series for the first version, with a dot and the number for each later one.
    """

    __tablename__ = "study"
    __table_args__ = (
        one_of("state", STUDY_STATES),
        CheckConstraint("lease_minutes > 0", name="lease_minutes"),
        Index("uq_study_series_version", "series", "version", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    study_digest: Mapped[str] = mapped_column(String(64))
    manifest_digest: Mapped[str] = mapped_column(String(64))
    analysis_digest: Mapped[str] = mapped_column(String(64))
    study_file: Mapped[dict[str, object]] = mapped_column(JSON, deferred=True)
    manifest: Mapped[dict[str, object]] = mapped_column(JSON, deferred=True)
    stimuli: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(8))
    paused_because: Mapped[str] = mapped_column(String(200))
    lease_minutes: Mapped[int]
    retain_until: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    series: Mapped[str] = mapped_column(String(40), server_default="")
    version: Mapped[int] = mapped_column(server_default="1")


class Triplet(Base):
    """An item of the manifest: a reference and the images that are compared with it."""

    __tablename__ = "triplet"
    __table_args__ = (UniqueConstraint("study_id", "item_id"), one_of("purpose", PURPOSES))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    item_id: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(12))
    prompt: Mapped[str] = mapped_column(Text)
    seed: Mapped[int]
    reference_sha256: Mapped[str | None] = mapped_column(String(64))


class Stimulus(Base):
    """One image of a triplet, named by its decoded pixels."""

    __tablename__ = "stimulus"
    __table_args__ = (
        UniqueConstraint("study_id", "item_id", "condition"),
        ForeignKeyConstraint(["study_id", "item_id"], ["triplet.study_id", "triplet.item_id"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int]
    item_id: Mapped[str] = mapped_column(String(120))
    condition: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    num_steps: Mapped[int | None]
    width: Mapped[int]
    height: Mapped[int]


class Slot(Base):
    """A numbered, counterbalanced plan of trials, and whether somebody holds it."""

    __tablename__ = "slot"
    __table_args__ = (
        UniqueConstraint("study_id", "mode", "number"),
        one_of("mode", MODES),
        one_of("state", SLOT_STATES),
        CheckConstraint("(state = 'leased') = (expires_at IS NOT NULL)", name="expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    mode: Mapped[str] = mapped_column(String(8))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    expires_at: Mapped[datetime | None] = mapped_column(Moment)


class Trial(Base):
    """A planned trial of a slot; computed from the slot's number, never changed."""

    __tablename__ = "trial"
    __table_args__ = (
        UniqueConstraint("slot_id", "trial_index"),
        one_of("purpose", PURPOSES),
        CheckConstraint("left_condition <> right_condition", name="sides"),
        ForeignKeyConstraint(
            ["study_id", "item_id", "left_condition"], ["stimulus.study_id", "stimulus.item_id", "stimulus.condition"]
        ),
        ForeignKeyConstraint(
            ["study_id", "item_id", "right_condition"], ["stimulus.study_id", "stimulus.item_id", "stimulus.condition"]
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int]
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"))
    trial_index: Mapped[int]
    block: Mapped[int]
    item_id: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(12))
    left_condition: Mapped[str] = mapped_column(String(40))
    right_condition: Mapped[str] = mapped_column(String(40))
    repeat_of: Mapped[int | None]


class Participant(Base):
    """A person, or a simulated observer, under a pseudonym."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("study_id", "pseudonym"), one_of("mode", MODES))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    pseudonym: Mapped[str] = mapped_column(String(12))
    mode: Mapped[str] = mapped_column(String(8))


class Identity(Base):
    """The only place where an external id (Prolific's) stands; deleting a row forgets who it was.

    Nobody comes twice in `once_in`: the first version of the study, or this one where the study file allows more.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("study_id", "external_id"), UniqueConstraint("once_in_id", "external_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    external_id: Mapped[str] = mapped_column(String(64))
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), unique=True)
    once_in_id: Mapped[int] = mapped_column(ForeignKey("study.id"))


class Session(Base):
    """The visit of one participant, which may span several browsers, and the head of its chain."""

    __tablename__ = "session"
    __table_args__ = (
        one_of("state", STATES),
        CheckConstraint("state NOT IN ('consented', 'finished') OR consented_at IS NOT NULL", name="consent"),
        CheckConstraint("slot_id IS NOT NULL OR state IN ('full', 'withdrawn')", name="slot"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    bearer_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), unique=True)
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"))
    state: Mapped[str] = mapped_column(String(12))
    flags: Mapped[str] = mapped_column(String(80))
    consent_sha256: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(Moment)
    consented_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    position: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))

    participant: Mapped[Participant] = relationship(lazy="joined")
    slot: Mapped[Slot | None] = relationship(lazy="joined")


class Lease(Base):
    """Who held a slot and how that ended; at most one lease of a slot runs or has finished."""

    __tablename__ = "lease"
    __table_args__ = (
        one_of("ended", ENDS),
        CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="ended_at"),
        Index(
            "uq_lease_holder",
            "slot_id",
            unique=True,
            postgresql_where=text("ended IS NULL OR ended = 'finished'"),
            sqlite_where=text("ended IS NULL OR ended = 'finished'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"), unique=True)
    leased_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended: Mapped[str | None] = mapped_column(String(12))


class Answer(Base):
    """What was answered to a trial in a session: added once, never changed, linked into the session's chain."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("session_id", "trial_id"),
        one_of("response", RESPONSES),
        CheckConstraint("rt_ms >= 0", name="rt_ms"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"))
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    response: Mapped[str] = mapped_column(String(5))
    rt_ms: Mapped[float] = mapped_column(Double)
    shown_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime] = mapped_column(Moment)
    flags: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]
    salt: Mapped[str] = mapped_column(String(32))
    link: Mapped[str] = mapped_column(String(64))

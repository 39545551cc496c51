"""The tables. Only `Identity` knows who somebody is; everything else knows a pseudonym."""

from datetime import UTC, datetime

from sqlalchemy import JSON, CheckConstraint, DateTime, Double, ForeignKey, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

MODES = ("preview", "pilot", "live", "bot")
STATES = ("started", "consented", "finished", "declined")
PURPOSES = ("main", "practice", "catch", "repeat", "identical", "check")
RESPONSES = ("left", "right", "tie", "skip")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Return the moment with its time zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """The registry of tables; constraints have names, so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """Return a CHECK that a column holds one of these values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Study(Base):
    """A frozen study: its file and manifest as they were when it was created."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    study_digest: Mapped[str] = mapped_column(String(64))
    manifest_digest: Mapped[str] = mapped_column(String(64))
    analysis_digest: Mapped[str] = mapped_column(String(64))
    study_file: Mapped[dict[str, object]] = mapped_column(JSON, deferred=True)
    manifest: Mapped[dict[str, object]] = mapped_column(JSON, deferred=True)
    stimuli: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Participant(Base):
    """A person, or a simulated observer, under a pseudonym."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("study_id", "pseudonym"), one_of("mode", MODES))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    pseudonym: Mapped[str] = mapped_column(String(12))
    mode: Mapped[str] = mapped_column(String(8))


class Identity(Base):
    """The only place where an external id (Prolific's) stands; deleting a row forgets who it was."""

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("study_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    external_id: Mapped[str] = mapped_column(String(64))
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), unique=True)


class Session(Base):
    """One visit of one participant; the token is the visitor's only credential."""

    __tablename__ = "session"
    __table_args__ = (
        one_of("state", STATES),
        CheckConstraint("state IN ('started', 'declined') OR consented_at IS NOT NULL", name="consent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id"), index=True)
    slot_number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    flags: Mapped[str] = mapped_column(String(80))
    consent_sha256: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(Moment)
    consented_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)

    participant: Mapped[Participant] = relationship(lazy="joined")


class Slot(Base):
    """A numbered trial plan, and which session holds it (the lease)."""

    __tablename__ = "slot"
    __table_args__ = (UniqueConstraint("study_id", "mode", "number"), one_of("mode", MODES))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    mode: Mapped[str] = mapped_column(String(8))
    number: Mapped[int]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"), unique=True)


class Trial(Base):
    """A planned trial of a session; planned at consent, never changed."""

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("session_id", "trial_index"), one_of("purpose", PURPOSES))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    trial_index: Mapped[int]
    block: Mapped[int]
    item_id: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(String(10))
    left_condition: Mapped[str] = mapped_column(String(40))
    right_condition: Mapped[str] = mapped_column(String(40))
    repeat_of: Mapped[int | None]


class Answer(Base):
    """What was answered to a trial: one row for each trial, added once and never changed."""

    __tablename__ = "answer"
    __table_args__ = (one_of("response", RESPONSES), CheckConstraint("rt_ms >= 0", name="rt_ms"))

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), unique=True)
    uuid: Mapped[str] = mapped_column(String(36), unique=True)
    response: Mapped[str] = mapped_column(String(5))
    rt_ms: Mapped[float] = mapped_column(Double)
    shown_at: Mapped[datetime] = mapped_column(Moment)
    answered_at: Mapped[datetime] = mapped_column(Moment)
    flags: Mapped[str] = mapped_column(String(120))

"""The tables beside the answers: events, audit entries, completion codes, accounts of the desk, the write probe."""

from datetime import datetime

from sqlalchemy import JSON, Double, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from study_server.models import EVENTS, Base, Moment, one_of

ROLES = ("viewer", "experimenter", "owner")
OUTCOMES = (
    "completed",
    "no_consent",
    "screened_out",
    "failed_checks",
    "device",
    "overfull",
    "withdrawn",
    "technical",
)


class Event(Base):
    """Something that happened in a participant's browser beside answering."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("session_id", "uuid"), one_of("kind", EVENTS))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id"))
    uuid: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(10))
    trial_index: Mapped[int | None]
    value: Mapped[float | None] = mapped_column(Double)
    happened_at: Mapped[datetime] = mapped_column(Moment)


class Audit(Base):
    """An entry of a chain: a session's, or the desk's if it has no session. Without its salt it is a tombstone."""

    __tablename__ = "audit"
    __table_args__ = (
        UniqueConstraint("session_id", "position"),
        Index(
            "uq_audit_desk",
            "position",
            unique=True,
            postgresql_where=text("session_id IS NULL"),
            sqlite_where=text("session_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"))
    position: Mapped[int]
    what: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, object] | None] = mapped_column(JSON(none_as_null=True))
    salt: Mapped[str | None] = mapped_column(String(32))
    leaf: Mapped[str] = mapped_column(String(64))
    link: Mapped[str] = mapped_column(String(64))
    happened_at: Mapped[datetime] = mapped_column(Moment)


class Code(Base):
    """The completion code of one outcome of a study; all but `technical` stay on the server until earned."""

    __tablename__ = "code"
    __table_args__ = (UniqueConstraint("study_id", "outcome"), one_of("outcome", OUTCOMES))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    outcome: Mapped[str] = mapped_column(String(14))
    code: Mapped[str] = mapped_column(String(20), unique=True)


class Account(Base):
    """Somebody who may enter the desk."""

    __tablename__ = "account"
    __table_args__ = (one_of("role", ROLES),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    role: Mapped[str] = mapped_column(String(12))
    password_hash: Mapped[str] = mapped_column(String(200))
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_step: Mapped[int]


class Probe(Base):
    """A row that readiness writes, to know that the database can."""

    __tablename__ = "probe"

    id: Mapped[int] = mapped_column(primary_key=True)
    written_at: Mapped[datetime] = mapped_column(Moment)

"""The tables around Prolific: what was asked for, what became of each submission, which events came, who gets a bonus.

A submission is Prolific's record of one person in one study; its participant's id stands in `Identity` alone.
"""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from study_server.models import Base, Moment, one_of

CURRENCIES = ("GBP", "USD")
BATCH_STATES = ("set_up", "confirmed", "paying", "paid", "unpaid")
LONGEST_REASON = 200


class Recruitment(Base):
    """`[prolific]` of a study as it was said; the newest version holds, and none is in a digest."""

    __tablename__ = "recruitment"
    __table_args__ = (UniqueConstraint("study_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    version: Mapped[int]
    wishes: Mapped[dict[str, object]] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(String(40))
    said_at: Mapped[datetime] = mapped_column(Moment)


class ProlificStudy(Base):
    """Which study on Prolific is ours, and when all its submissions were last read."""

    __tablename__ = "prolific_study"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), unique=True)
    external_id: Mapped[str] = mapped_column(String(40), unique=True)
    reconciled_at: Mapped[datetime | None] = mapped_column(Moment)


class Submission(Base):
    """What is known of one submission: its last status in Prolific's words, since when, and whose visit it is.

    `status_at` and `event_id` say how new that is (none: only that somebody arrived with it is known), `listed_at`
    when Prolific last listed it. A forgotten one was somebody's who is forgotten here; nothing more is learned of it.
    """

    __tablename__ = "submission"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    external_id: Mapped[str] = mapped_column(String(40), unique=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("session.id"), index=True)
    arrived_at: Mapped[datetime | None] = mapped_column(Moment)
    status: Mapped[str] = mapped_column(String(30))
    status_at: Mapped[datetime | None] = mapped_column(Moment)
    event_id: Mapped[str] = mapped_column(String(80))
    listed_at: Mapped[datetime | None] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    completed_at: Mapped[datetime | None] = mapped_column(Moment)
    code: Mapped[str | None] = mapped_column(String(200))
    return_requested_at: Mapped[datetime | None] = mapped_column(Moment)
    is_forgotten: Mapped[bool]


class Webhook(Base):
    """A verified event; neither it nor a replay of it, which has the same signature, is ever acted on again."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(80), unique=True)
    signature: Mapped[str] = mapped_column(String(64), unique=True)
    event_type: Mapped[str] = mapped_column(String(80))
    resource_id: Mapped[str] = mapped_column(String(80), index=True)
    status: Mapped[str | None] = mapped_column(String(30))
    happened_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)


class BonusBatch(Base):
    """Bonuses that are paid by one request, which is sent once; at most one of a study is being paid."""

    __tablename__ = "bonus_batch"
    __table_args__ = (
        one_of("state", BATCH_STATES),
        one_of("currency", CURRENCIES),
        CheckConstraint("cents > 0 AND total_cents >= cents", name="cents"),
        CheckConstraint("state = 'set_up' OR confirmed_at IS NOT NULL", name="confirmed_at"),
        CheckConstraint("state IN ('set_up', 'confirmed') OR paying_at IS NOT NULL", name="paying_at"),
        Index(
            "uq_bonus_batch_paying",
            "study_id",
            unique=True,
            postgresql_where=text("state = 'paying'"),
            sqlite_where=text("state = 'paying'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    external_id: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    cents: Mapped[int]
    total_cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    set_up_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_by: Mapped[str | None] = mapped_column(String(40))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    paying_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)


class BonusRow(Base):
    """One bonus to one submission for one reason, whole cents; without a batch it is only proposed.

    `before` is how many bonuses of this amount the submission had when the batch began to be paid.
    """

    __tablename__ = "bonus"
    __table_args__ = (
        UniqueConstraint("submission_id", "reason"),
        one_of("currency", CURRENCIES),
        CheckConstraint("cents > 0", name="cents"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = mapped_column(ForeignKey("submission.id"))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))
    cents: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("bonus_batch.id"), index=True)
    before: Mapped[int | None]
    proposed_by: Mapped[str] = mapped_column(String(40))
    proposed_at: Mapped[datetime] = mapped_column(Moment)

    submission: Mapped[Submission] = relationship(lazy="joined")
    batch: Mapped[BonusBatch | None] = relationship(lazy="joined")


class EntryToken(Base):
    """A signed arrival that was used, and by which browser; in another one it opens nothing."""

    __tablename__ = "entry_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[str] = mapped_column(String(80), unique=True)
    browser: Mapped[str] = mapped_column(String(32))
    used_at: Mapped[datetime] = mapped_column(Moment)

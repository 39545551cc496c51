"""What the tables are made of: their registry, a column for moments, the values that columns may hold."""

from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, DateTime, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

MODES = ("preview", "pilot", "live", "bot")
STUDY_STATES = ("open", "paused", "closed")
SLOT_STATES = ("free", "leased", "finished")
STATES = ("started", "consented", "finished", "declined", "withdrawn", "screened_out", "full")
ENDS = ("finished", "expired", "returned", "timed_out", "declined", "withdrawn", "screened_out")
PURPOSES = ("main", "practice", "catch", "repeat", "identical", "check")
RESPONSES = ("left", "right", "tie", "skip")
EVENTS = ("hidden", "shown", "zoomed", "paused", "retried", "loaded", "failed", "flipped")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        """Return the moment in UTC, from whatever time zone somebody else wrote it in."""
        return value if value is None or value.tzinfo is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        """Return the moment in UTC, with its time zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The registry of tables; constraints have names, so that a migration can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """Return a CHECK that a column holds one of these values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)

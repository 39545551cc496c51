"""Events, audit entries, completion codes, accounts of the desk, the write probe; and rows that never change."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None

OUTCOMES = ("completed", "no_consent", "screened_out", "failed_checks", "device", "overfull", "withdrawn", "technical")
FROZEN = ("name", "study_digest", "manifest_digest", "analysis_digest", "study_file", "manifest")
NEVER = {
    "answer": "1 = 1",
    "trial": "1 = 1",
    "audit": "NEW.salt IS NOT NULL OR NEW.link <> OLD.link OR NEW.leaf <> OLD.leaf OR NEW.position <> OLD.position",
    "study": " OR ".join(f"CAST(NEW.{column} AS TEXT) <> CAST(OLD.{column} AS TEXT)" for column in FROZEN),
}
"""When an UPDATE of a row is refused; an audit entry may only lose its contents together with its salt."""


def upgrade() -> None:
    """Create the tables, give every study its codes, and guard what never changes."""
    _create_event()
    _create_audit()
    _create_code()
    _create_account()
    op.create_table(
        "probe",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probe")),
    )
    _fill_codes()
    for table, condition in NEVER.items():
        _guard(table, condition)


def downgrade() -> None:
    """Drop the guards and the tables WITH WHAT IS IN THEM."""
    for table in NEVER:
        _unguard(table)
    for table in ("probe", "account", "code", "audit", "event"):
        op.drop_table(table)


def _guard(table: str, condition: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"SELECT RAISE(ABORT, '{table} rows never change')"
        op.execute(f"CREATE TRIGGER {table}_never BEFORE UPDATE ON {table} WHEN {condition} BEGIN {refuse}; END")
        return
    refuse = f"RAISE integrity_constraint_violation USING MESSAGE = '{table} rows never change'"
    body = f"$$ BEGIN {refuse}; END $$"
    op.execute(f"CREATE FUNCTION {table}_never() RETURNS trigger LANGUAGE plpgsql AS {body}")
    op.execute(
        f"CREATE TRIGGER {table}_never BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({condition}) "
        f"EXECUTE FUNCTION {table}_never()"
    )


def _unguard(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_never")
        return
    op.execute(f"DROP TRIGGER {table}_never ON {table}")
    op.execute(f"DROP FUNCTION {table}_never()")


def _fill_codes() -> None:
    connection = op.get_bind()
    studies = [row.id for row in connection.execute(sa.text("SELECT id FROM study"))]
    add = sa.text("INSERT INTO code (study_id, outcome, code) VALUES (:study, :outcome, :code)")
    for study in studies:
        for outcome in OUTCOMES:
            code = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))
            connection.execute(add, {"study": study, "outcome": outcome, "code": code})


def _create_event() -> None:
    kinds = "'hidden', 'shown', 'zoomed', 'paused', 'retried', 'loaded', 'failed', 'flipped'"
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("trial_index", sa.Integer()),
        sa.Column("value", sa.Double()),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_event_kind")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_event_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("session_id", "uuid", name=op.f("uq_event_session_id_uuid")),
    )


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("detail", sa.JSON()),
        sa.Column("salt", sa.String(32)),
        sa.Column("leaf", sa.String(64), nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_audit_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("session_id", "position", name=op.f("uq_audit_session_id_position")),
    )
    desk = sa.text("session_id IS NULL")
    op.create_index("uq_audit_desk", "audit", ["position"], unique=True, postgresql_where=desk, sqlite_where=desk)


def _create_code() -> None:
    op.create_table(
        "code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(14), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.CheckConstraint(f"outcome IN {OUTCOMES}", name=op.f("ck_code_outcome")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_code_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code")),
        sa.UniqueConstraint("code", name=op.f("uq_code_code")),
        sa.UniqueConstraint("study_id", "outcome", name=op.f("uq_code_study_id_outcome")),
    )


def _create_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("totp_secret", sa.String(64)),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'experimenter', 'owner')", name=op.f("ck_account_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )

"""What was asked of Prolific, its submissions and events, the ledger of bonuses, entry tokens that were used."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CURRENCIES = "currency IN ('GBP', 'USD')"
STATES = "state IN ('set_up', 'confirmed', 'paying', 'paid', 'unpaid')"


def upgrade() -> None:
    """Create the tables; nothing was known of Prolific before."""
    _create_recruitment()
    _create_prolific_study()
    _create_submission()
    _create_webhook()
    _create_bonus_batch()
    _create_bonus()
    _create_entry_token()


def downgrade() -> None:
    """Drop the tables WITH WHAT IS IN THEM, the ledger of bonuses too."""
    for table in ("entry_token", "bonus", "bonus_batch", "webhook", "submission", "prolific_study", "recruitment"):
        op.drop_table(table)


def _create_recruitment() -> None:
    op.create_table(
        "recruitment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wishes", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_recruitment_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recruitment")),
        sa.UniqueConstraint("study_id", "version", name=op.f("uq_recruitment_study_id_version")),
    )


def _create_prolific_study() -> None:
    op.create_table(
        "prolific_study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(40), nullable=False),
        sa.Column("reconciled_at", MOMENT),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_prolific_study_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prolific_study")),
        sa.UniqueConstraint("study_id", name=op.f("uq_prolific_study_study_id")),
        sa.UniqueConstraint("external_id", name=op.f("uq_prolific_study_external_id")),
    )


def _create_submission() -> None:
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(40), nullable=False),
        sa.Column("session_id", sa.Integer()),
        sa.Column("arrived_at", MOMENT),
        sa.Column("status", sa.String(30), nullable=False),
        sa.Column("status_at", MOMENT),
        sa.Column("event_id", sa.String(80), nullable=False),
        sa.Column("listed_at", MOMENT),
        sa.Column("started_at", MOMENT),
        sa.Column("completed_at", MOMENT),
        sa.Column("code", sa.String(200)),
        sa.Column("return_requested_at", MOMENT),
        sa.Column("is_forgotten", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_submission_study_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_submission_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("external_id", name=op.f("uq_submission_external_id")),
    )
    op.create_index(op.f("ix_submission_study_id"), "submission", ["study_id"])
    op.create_index(op.f("ix_submission_session_id"), "submission", ["session_id"])


def _create_webhook() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(80), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.Column("event_type", sa.String(80), nullable=False),
        sa.Column("resource_id", sa.String(80), nullable=False),
        sa.Column("status", sa.String(30)),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("event_id", name=op.f("uq_webhook_event_id")),
        sa.UniqueConstraint("signature", name=op.f("uq_webhook_signature")),
    )
    op.create_index(op.f("ix_webhook_resource_id"), "webhook", ["resource_id"])


def _create_bonus_batch() -> None:
    op.create_table(
        "bonus_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(40), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("set_up_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.String(40)),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("paying_at", MOMENT),
        sa.Column("settled_at", MOMENT),
        sa.CheckConstraint(STATES, name=op.f("ck_bonus_batch_state")),
        sa.CheckConstraint(CURRENCIES, name=op.f("ck_bonus_batch_currency")),
        sa.CheckConstraint("cents > 0 AND total_cents >= cents", name=op.f("ck_bonus_batch_cents")),
        sa.CheckConstraint("state = 'set_up' OR confirmed_at IS NOT NULL", name=op.f("ck_bonus_batch_confirmed_at")),
        sa.CheckConstraint(
            "state IN ('set_up', 'confirmed') OR paying_at IS NOT NULL", name=op.f("ck_bonus_batch_paying_at")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_bonus_batch_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus_batch")),
        sa.UniqueConstraint("external_id", name=op.f("uq_bonus_batch_external_id")),
    )
    paying = sa.text("state = 'paying'")
    op.create_index(
        "uq_bonus_batch_paying", "bonus_batch", ["study_id"], unique=True, postgresql_where=paying, sqlite_where=paying
    )


def _create_bonus() -> None:
    op.create_table(
        "bonus",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("batch_id", sa.Integer()),
        sa.Column("before", sa.Integer()),
        sa.Column("proposed_by", sa.String(40), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.CheckConstraint(CURRENCIES, name=op.f("ck_bonus_currency")),
        sa.CheckConstraint("cents > 0", name=op.f("ck_bonus_cents")),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_bonus_submission_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["bonus_batch.id"], name=op.f("fk_bonus_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus")),
        sa.UniqueConstraint("submission_id", "reason", name=op.f("uq_bonus_submission_id_reason")),
    )
    op.create_index(op.f("ix_bonus_batch_id"), "bonus", ["batch_id"])


def _create_entry_token() -> None:
    op.create_table(
        "entry_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_id", sa.String(80), nullable=False),
        sa.Column("browser", sa.String(32), nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_token")),
        sa.UniqueConstraint("token_id", name=op.f("uq_entry_token_token_id")),
    )

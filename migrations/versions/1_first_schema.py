"""The first schema: studies, people under pseudonyms, sessions, planned trials and append-only answers."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    _create_study()
    _create_participant()
    _create_identity()
    _create_session()
    _create_slot()
    _create_trial()
    _create_answer()


def downgrade() -> None:
    """Drop every table, those that point to others first."""
    for table in ("answer", "trial", "slot", "session", "identity", "participant", "study"):
        op.drop_table(table)


def _create_study() -> None:
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("study_digest", sa.String(length=64), nullable=False),
        sa.Column("manifest_digest", sa.String(length=64), nullable=False),
        sa.Column("analysis_digest", sa.String(length=64), nullable=False),
        sa.Column("study_file", sa.JSON(), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("stimuli", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("name", name=op.f("uq_study_name")),
    )


def _create_participant() -> None:
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("pseudonym", sa.String(length=12), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.CheckConstraint("mode IN ('preview', 'pilot', 'live', 'bot')", name=op.f("ck_participant_mode")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_participant_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("study_id", "pseudonym", name=op.f("uq_participant_study_id_pseudonym")),
    )


def _create_identity() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_identity_participant_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_identity_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("participant_id", name=op.f("uq_identity_participant_id")),
        sa.UniqueConstraint("study_id", "external_id", name=op.f("uq_identity_study_id_external_id")),
    )


def _create_session() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("slot_number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("flags", sa.String(length=80), nullable=False),
        sa.Column("consent_sha256", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('started', 'consented', 'finished', 'declined')", name=op.f("ck_session_state")),
        sa.CheckConstraint(
            "state IN ('started', 'declined') OR consented_at IS NOT NULL", name=op.f("ck_session_consent")
        ),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_session_participant_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_session_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token", name=op.f("uq_session_token")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_participant_id"), ["participant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_study_id"), ["study_id"], unique=False)


def _create_slot() -> None:
    op.create_table(
        "slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("mode IN ('preview', 'pilot', 'live', 'bot')", name=op.f("ck_slot_mode")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_slot_session_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_slot_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
        sa.UniqueConstraint("session_id", name=op.f("uq_slot_session_id")),
        sa.UniqueConstraint("study_id", "mode", "number", name=op.f("uq_slot_study_id_mode_number")),
    )


def _create_trial() -> None:
    op.create_table(
        "trial",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("trial_index", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("left_condition", sa.String(length=40), nullable=False),
        sa.Column("right_condition", sa.String(length=40), nullable=False),
        sa.Column("repeat_of", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('main', 'practice', 'catch', 'repeat', 'identical', 'check')", name=op.f("ck_trial_purpose")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_trial_session_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("session_id", "trial_index", name=op.f("uq_trial_session_id_trial_index")),
    )


def _create_answer() -> None:
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("response", sa.String(length=5), nullable=False),
        sa.Column("rt_ms", sa.Double(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flags", sa.String(length=120), nullable=False),
        sa.CheckConstraint("response IN ('left', 'right', 'tie', 'skip')", name=op.f("ck_answer_response")),
        sa.CheckConstraint("rt_ms >= 0", name=op.f("ck_answer_rt_ms")),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_answer_trial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("trial_id", name=op.f("uq_answer_trial_id")),
        sa.UniqueConstraint("uuid", name=op.f("uq_answer_uuid")),
    )

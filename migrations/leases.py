"""The tables of revision 2, as they were when it was written."""

import sqlalchemy as sa
from alembic import op

HELD = sa.text("ended IS NULL OR ended = 'finished'")


def widen_study() -> None:
    """Let a study be paused and closed, and say how long a place is kept."""
    with op.batch_alter_table("study") as batch:
        batch.add_column(sa.Column("state", sa.String(8), nullable=False, server_default="open"))
        batch.add_column(sa.Column("paused_because", sa.String(200), nullable=False, server_default=""))
        batch.add_column(sa.Column("lease_minutes", sa.Integer(), nullable=False, server_default="60"))
        batch.add_column(sa.Column("retain_until", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("closed_at", sa.DateTime(timezone=True)))
    with op.batch_alter_table("study") as batch:
        for column in ("state", "paused_because", "lease_minutes"):
            batch.alter_column(column, server_default=None)
        batch.create_check_constraint(op.f("ck_study_state"), "state IN ('open', 'paused', 'closed')")
        batch.create_check_constraint(op.f("ck_study_lease_minutes"), "lease_minutes > 0")


def create_material() -> None:
    """Create the tables of what is shown."""
    op.create_table(
        "triplet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("reference_sha256", sa.String(64)),
        _purpose("triplet"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_triplet_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triplet")),
        sa.UniqueConstraint("study_id", "item_id", name=op.f("uq_triplet_study_id_item_id")),
    )
    op.create_table(
        "stimulus",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(120), nullable=False),
        sa.Column("condition", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("num_steps", sa.Integer()),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id", "item_id"],
            ["triplet.study_id", "triplet.item_id"],
            name=op.f("fk_stimulus_study_id_item_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stimulus")),
        sa.UniqueConstraint("study_id", "item_id", "condition", name=op.f("uq_stimulus_study_id_item_id_condition")),
    )


def create_slot() -> None:
    """Create the table of numbered plans."""
    op.create_table(
        "slot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("mode IN ('preview', 'pilot', 'live', 'bot')", name=op.f("ck_slot_mode")),
        sa.CheckConstraint("state IN ('free', 'leased', 'finished')", name=op.f("ck_slot_state")),
        sa.CheckConstraint("(state = 'leased') = (expires_at IS NOT NULL)", name=op.f("ck_slot_expires_at")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_slot_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
        sa.UniqueConstraint("study_id", "mode", "number", name=op.f("uq_slot_study_id_mode_number")),
    )


def create_trial() -> None:
    """Create the table of planned trials."""
    sides = [
        sa.ForeignKeyConstraint(
            ["study_id", "item_id", f"{side}_condition"],
            ["stimulus.study_id", "stimulus.item_id", "stimulus.condition"],
            name=op.f(f"fk_trial_study_id_item_id_{side}_condition"),
        )
        for side in ("left", "right")
    ]
    op.create_table(
        "trial",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("trial_index", sa.Integer(), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(12), nullable=False),
        sa.Column("left_condition", sa.String(40), nullable=False),
        sa.Column("right_condition", sa.String(40), nullable=False),
        sa.Column("repeat_of", sa.Integer()),
        _purpose("trial"),
        sa.CheckConstraint("left_condition <> right_condition", name=op.f("ck_trial_sides")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_trial_slot_id")),
        *sides,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint("slot_id", "trial_index", name=op.f("uq_trial_slot_id_trial_index")),
    )


def create_session() -> None:
    """Create the table of visits."""
    states = "'started', 'consented', 'finished', 'declined', 'withdrawn', 'screened_out', 'full'"
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("bearer_sha256", sa.String(64)),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer()),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("flags", sa.String(80), nullable=False),
        sa.Column("consent_sha256", sa.String(64)),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_session_state")),
        sa.CheckConstraint(
            "state NOT IN ('consented', 'finished') OR consented_at IS NOT NULL", name=op.f("ck_session_consent")
        ),
        sa.CheckConstraint("slot_id IS NOT NULL OR state IN ('full', 'withdrawn')", name=op.f("ck_session_slot")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_session_participant_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_session_slot_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_session_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("bearer_sha256", name=op.f("uq_session_bearer_sha256")),
        sa.UniqueConstraint("participant_id", name=op.f("uq_session_participant_id")),
        sa.UniqueConstraint("token", name=op.f("uq_session_token")),
    )
    op.create_index(op.f("ix_session_study_id"), "session", ["study_id"])


def create_lease() -> None:
    """Create the table of who held which slot."""
    ends = "'finished', 'expired', 'returned', 'timed_out', 'declined', 'withdrawn', 'screened_out'"
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended", sa.String(12)),
        sa.CheckConstraint(f"ended IN ({ends})", name=op.f("ck_lease_ended")),
        sa.CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name=op.f("ck_lease_ended_at")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_lease_session_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_lease_slot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
        sa.UniqueConstraint("session_id", name=op.f("uq_lease_session_id")),
    )
    op.create_index("uq_lease_holder", "lease", ["slot_id"], unique=True, postgresql_where=HELD, sqlite_where=HELD)


def create_answer() -> None:
    """Create the table of answers, linked into the chains of their sessions."""
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("response", sa.String(5), nullable=False),
        sa.Column("rt_ms", sa.Double(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("flags", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.CheckConstraint("response IN ('left', 'right', 'tie', 'skip')", name=op.f("ck_answer_response")),
        sa.CheckConstraint("rt_ms >= 0", name=op.f("ck_answer_rt_ms")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_answer_session_id")),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_answer_trial_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("session_id", "trial_id", name=op.f("uq_answer_session_id_trial_id")),
        sa.UniqueConstraint("uuid", name=op.f("uq_answer_uuid")),
    )


def _purpose(table: str) -> sa.CheckConstraint:
    known = "'main', 'practice', 'catch', 'repeat', 'identical', 'check'"
    return sa.CheckConstraint(f"purpose IN ({known})", name=op.f(f"ck_{table}_purpose"))

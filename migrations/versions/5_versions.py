"""Numbered versions of a study: each frozen by itself, and nobody twice in all of them."""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "5"
down_revision = "4"
branch_labels = None
depends_on = None

CHANGED = "CAST(NEW.series AS TEXT) <> CAST(OLD.series AS TEXT) OR NEW.version <> OLD.version"


def upgrade() -> None:
    """Make every study the first version of itself."""
    op.add_column("study", sa.Column("series", sa.String(40), nullable=False, server_default=""))
    op.add_column("study", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE study SET series = name")
    op.create_index("uq_study_series_version", "study", ["series", "version"], unique=True)
    _guard(f"{_ledger().NEVER['study']} OR {CHANGED}")
    op.add_column("identity", sa.Column("once_in_id", sa.Integer(), nullable=True))
    op.execute("UPDATE identity SET once_in_id = study_id")
    with op.batch_alter_table("identity") as batch:
        batch.alter_column("once_in_id", nullable=False)
        batch.create_foreign_key(op.f("fk_identity_once_in_id"), "study", ["once_in_id"], ["id"])
        batch.create_unique_constraint(op.f("uq_identity_once_in_id_external_id"), ["once_in_id", "external_id"])


def downgrade() -> None:
    """Forget which studies are versions of each other; each stays, as a study of its own address."""
    with op.batch_alter_table("identity") as batch:
        batch.drop_constraint(op.f("uq_identity_once_in_id_external_id"), type_="unique")
        batch.drop_constraint(op.f("fk_identity_once_in_id"), type_="foreignkey")
        batch.drop_column("once_in_id")
    _guard(_ledger().NEVER["study"])
    op.drop_index("uq_study_series_version", "study")
    op.drop_column("study", "version")
    op.drop_column("study", "series")


def _guard(condition: str) -> None:
    """Refuse other updates of a frozen study than before."""
    _ledger()._unguard("study")
    _ledger()._guard("study", condition)


def _ledger() -> Any:
    return context.script.get_revision("3").module

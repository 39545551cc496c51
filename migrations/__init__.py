"""Database migrations (Alembic); each revision is one small change with a slug in its name."""

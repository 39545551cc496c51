"""Whom we ask: a study on Prolific. Typed and stateless; it knows no database, and spends only what was typed."""

"""The embedded world: a small text-to-image model of procedurally drawn, captioned scenes."""

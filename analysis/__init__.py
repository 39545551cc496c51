"""What it means: files in, report out. Never the database, never torch."""

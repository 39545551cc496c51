"""The experimenter's desk: what is stored, and the export."""

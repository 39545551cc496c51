"""The desk with all its pages; a module's routes are added when it is imported."""

from study_server.experimenter import entrance, judging, listing, making, showing, taking, watching
from study_server.experimenter.desk import desk

__all__ = ["desk", "entrance", "judging", "listing", "making", "showing", "taking", "watching"]

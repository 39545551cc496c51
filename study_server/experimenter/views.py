"""The desk with all its pages; a module's routes are added when it is imported."""

from study_server.experimenter import (
    deciding,
    entrance,
    judging,
    listing,
    making,
    recruiting,
    rewarding,
    showing,
    taking,
    watching,
)
from study_server.experimenter.desk import desk

__all__ = [
    "deciding",
    "desk",
    "entrance",
    "judging",
    "listing",
    "making",
    "recruiting",
    "rewarding",
    "showing",
    "taking",
    "watching",
]

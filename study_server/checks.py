"""What is right in a trial that has a right answer."""

from typing import Protocol

from study_server.slots import better_condition
from study_server.studies import Material


class Shown(Protocol):
    """What was planned in a trial, in whatever record it stands."""

    @property
    def item_id(self) -> str:
        """Of the manifest."""

    @property
    def purpose(self) -> str:
        """What the trial is for."""

    @property
    def left_condition(self) -> str:
        """Of the left image."""

    @property
    def right_condition(self) -> str:
        """Of the right image."""


def is_correct(material: Material, trial: Shown, response: str) -> bool | None:
    """Say whether the better side was chosen; none where no side is better by design."""
    if trial.purpose not in ("practice", "catch", "check"):
        return None
    chosen = {"left": trial.left_condition, "right": trial.right_condition}.get(response)
    return chosen == better_condition(material.items[trial.item_id])

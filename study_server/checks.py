"""What is right in a trial that has a right answer."""

from study_server.models import Trial
from study_server.plans import PlannedRow
from study_server.slots import better_condition
from study_server.studies import Material


def is_correct(material: Material, trial: Trial | PlannedRow, response: str) -> bool | None:
    """Say whether the better side was chosen; none where no side is better by design."""
    if trial.purpose not in ("practice", "catch", "check"):
        return None
    chosen = {"left": trial.left_condition, "right": trial.right_condition}.get(response)
    return chosen == better_condition(material.items[trial.item_id])

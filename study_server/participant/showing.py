"""What a participant's browser may know of its trials: an index, a block, and names that tell nothing."""

import hashlib
from collections.abc import Sequence
from typing import Any

from stimuli.manifest import Stimulus
from study_server.models import Session, Trial
from study_server.plans import PlannedRow
from study_server.studies import Material
from study_server.tokens import image_name


def shown(
    secret_key: str, material: Material, visit: Session, every: Sequence[Trial], missing: Sequence[Trial]
) -> dict[str, Any]:
    """Return what the trial page needs: the counts, and each unanswered trial with its images' names."""
    design = material.study.design
    return {
        "total": sum(trial.block > 0 for trial in every),
        "answered": len(every) - len(missing),
        "blocks": design.blocks,
        "blank_ms": design.blank_ms,
        "trials": [_shown(secret_key, material, visit.token, trial) for trial in missing],
    }


def _shown(secret_key: str, material: Material, token: str, trial: Trial) -> dict[str, Any]:
    """Return one trial: the name of each image, and by what the page knows that it has the right pixels.

    The check is a hash of name and pixels together: no two are equal, and none tells more than the image itself.
    """
    stimuli = stimuli_of(material, trial)
    names = {place: image_name(secret_key, token, trial.trial_index, place) for place in stimuli}
    checks = {
        place: hashlib.sha256((name + stimuli[place].sha256).encode()).hexdigest() for place, name in names.items()
    }
    return {"index": trial.trial_index, "block": trial.block, "images": names, "checks": checks}


def stimuli_of(material: Material, trial: Trial | PlannedRow) -> dict[str, Stimulus]:
    """Return the images of a trial by their place: left, right, and reference if there is one."""
    item = material.items[trial.item_id]
    places = {"left": item.stimuli[trial.left_condition], "right": item.stimuli[trial.right_condition]}
    if item.reference is None or material.study.design.task == "which-is-reference":
        return places
    return {**places, "reference": item.reference}

"""What a participant's browser may know of its trials: an index, a block, and names that tell nothing."""

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
        "trials": [
            {
                "index": trial.trial_index,
                "block": trial.block,
                "images": {
                    place: image_name(secret_key, visit.token, trial.trial_index, place)
                    for place in stimuli_of(material, trial)
                },
            }
            for trial in missing
        ],
    }


def stimuli_of(material: Material, trial: Trial | PlannedRow) -> dict[str, Stimulus]:
    """Return the images of a trial by their place: left, right, and reference if there is one."""
    item = material.items[trial.item_id]
    places = {"left": item.stimuli[trial.left_condition], "right": item.stimuli[trial.right_condition]}
    return places if item.reference is None else {**places, "reference": item.reference}

"""A study that is small enough to take in a test: random images, a manifest, a sidecar and a study file."""

import itertools
from pathlib import Path

import numpy as np

from stimuli.manifest import Item, Manifest, Purpose, Renderer, Stimulus, write_manifest
from stimuli.perceived import Perceived, write_perceived
from stimuli.store import save
from stimuli.studyfile import StudyFile

SIDE = 64
TEXTS = {
    "landing": "# Welcome\n\nCompare pictures. <script>alert(1)</script>",
    "consent": "# Consent\n\nYou may stop at any time.",
    "instructions": "# What to do\n\nPress **F** or **J**.",
    "question": "Which image is more similar to the reference?",
    "declined": "# You did not agree\n\nThat is fine.",
    "debrief": "# Thank you\n\nYour answers are stored.",
}


def study_file(**design: int) -> StudyFile:
    """Return a study of 4 main trials, 2 repeats and 2 blocks; `design` changes that."""
    numbers = {"participants": 6, "main_trials": 4, "repeats": 2, "blocks": 2, "blank_ms": 30, **design}
    identity = {"institution": "Somewhere", "contact": "a@b.example", "ethics": "E-1"}
    return StudyFile.model_validate(
        {
            "study": {"name": "tiny", "title": "Tiny", **identity},
            "stimuli": {"prompts": ["a wall"], "seeds": [0]},
            "design": numbers,
            "texts": TEXTS,
        }
    )


def make_stimuli(folder: Path, mains: int = 6, checks: int = 2) -> Manifest:
    """Write a stimuli folder in which OURS lies half as far from the reference as UNIFORM."""
    rng, distances, counter = np.random.default_rng(7), {}, itertools.count()

    def image(condition: str, num_steps: int) -> Stimulus:
        pixels = rng.integers(0, 256, size=(SIDE, SIDE, 3), dtype=np.uint8)
        sha256 = save(folder, pixels)
        return Stimulus(
            condition=condition, num_steps=num_steps, sha256=sha256, width=SIDE, height=SIDE, made_with="steps"
        )

    def item(purpose: Purpose, conditions: dict[str, tuple[int, float]]) -> Item:
        reference = image("REFERENCE", 65)
        number = next(counter)
        stimuli = {name: image(name, steps) for name, (steps, _) in conditions.items()}
        for name, (_, distance) in conditions.items():
            distances[f"{reference.sha256}:{stimuli[name].sha256}"] = distance
        return Item(
            item_id=f"{purpose}-{number}",
            prompt=f"prompt {number}",
            seed=number,
            purpose=purpose,
            reference=reference,
            stimuli=stimuli,
        )

    items = [item("main", {"OURS": (20, 0.05), "UNIFORM": (31, 0.1)}) for _ in range(mains)]
    items += [
        item(purpose, {"GOOD": (57, 0.0), "OBVIOUS": (3, 0.4)})
        for purpose in ("catch", "practice")
        for _ in range(checks)
    ]
    manifest = _manifest(items)
    write_manifest(folder, manifest)
    write_perceived(folder, Perceived(metric="d_sim", distances=distances))
    return manifest


def _manifest(items: list[Item]) -> Manifest:
    renderer = Renderer(
        model="noise",
        revision=None,
        model_digest="0" * 64,
        scheduler="euler",
        guidance_scale=1.0,
        width=SIDE,
        height=SIDE,
        dtype="float32",
        engine="per-prompt",
        predictor_digest=None,
        versions={},
    )
    return Manifest(
        study="tiny",
        renderer=renderer,
        compare=("OURS", "UNIFORM"),
        reference_condition="REFERENCE",
        items=items,
        digests={"stimuli": study_file().stimuli_digest},
    )

"""A study as an experimenter would copy it to the server: a study file, and drawn scenes with worse copies of them."""

import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from budgetfusion.scenes.draw import render
from budgetfusion.scenes.grammar import sample
from stimuli.drawn import blocks, card
from stimuli.manifest import Item, Manifest, Renderer, Stimulus, write_manifest
from stimuli.perceived import Perceived, write_perceived
from stimuli.store import save
from stimuli.studyfile import read_study_file

MAINS = 12
STUDY_FILE = """
[study]
name = "drawn"
title = "Which picture is more similar?"
institution = "A laboratory of the tests"
contact = "a@lab.example"
ethics = "E-1"

[stimuli]
prompts = ["a wall"]
seeds = [0]
check_items = 2

[design]
participants = 30
main_trials = 12
repeats = 4
blocks = 2
blank_ms = 100

[texts]
landing = "# Which picture is more similar?\\n\\nYou compare small pictures."
consent = "# Consent\\n\\nYou may stop at any time."
instructions = "# What to do\\n\\nPress **F** or **J**."
question = "Which image is more similar to the reference?"
declined = "# You did not agree\\n\\nThat is fine."
debrief = "# Thank you\\n\\nYour answers are stored."

[[texts.comprehension]]
question = "Which picture do you choose?"
answers = ["The prettier one", "The one more similar to the reference"]
right = 2

[prolific]
name = "Which picture is more similar?"
description = "<p>You compare small pictures with a reference.</p>"
minutes = 10
reward = 1.60
currency = "GBP"
places = 30
"""


def make_drawn_study(root: Path) -> None:
    """Write `drawn.toml` and `stimuli/` below a folder."""
    file, folder = root / "drawn.toml", root / "stimuli"
    file.write_text(STUDY_FILE, encoding="utf-8")
    rng, distances = random.Random(5), {}  # noqa: S311 - pictures, no secrets
    items = [_main(folder, i, rng, distances) for i in range(MAINS)]
    items += [_obvious(folder, purpose, i, rng) for purpose, n in (("practice", 1), ("catch", 4)) for i in range(n)]
    items += [_check(folder, i) for i in range(2)]
    digests = {"stimuli": read_study_file(file).stimuli_digest}
    write_manifest(folder, _manifest(items, digests))
    write_perceived(folder, Perceived(metric="d_sim", distances=distances))


def _main(folder, number, rng, distances):
    scene = sample(rng)
    pixels = render(scene, rng)
    versions = {
        "REFERENCE": (65, pixels),
        "OURS": (23 + number, _worse(pixels, 0.5)),
        "UNIFORM": (31, _worse(pixels, 0.9)),
    }
    made = {name: _stimulus(folder, name, steps, each) for name, (steps, each) in versions.items()}
    reference = made.pop("REFERENCE")
    for name, stimulus in made.items():
        gap = np.abs(versions[name][1].astype(float) - pixels).mean() / 255
        distances[f"{reference.sha256}:{stimulus.sha256}"] = float(gap)
    return _item(f"main-{number:02d}", scene.caption, "main", reference, made)


def _obvious(folder, purpose, number, rng):
    scene = sample(rng)
    pixels = render(scene, rng)
    made = {
        "REFERENCE": _stimulus(folder, "REFERENCE", 65, pixels),
        "OBVIOUS": _stimulus(folder, "OBVIOUS", 3, blocks(pixels)),
    }
    return _item(f"{purpose}-{number}", scene.caption, purpose, made["REFERENCE"], made)


def _check(folder, number):
    words = {"INSTRUCTED": ("choose this", 2), "OTHER": ("not this", 1)}
    made = {
        name: _stimulus(folder, name, None, card(f"{said} {number + 1}", 64, 64)) for name, (said, _) in words.items()
    }
    return _item(f"check-{number}", "an instruction", "check", None, made)


def _worse(pixels, radius):
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _stimulus(folder, condition, num_steps, pixels):
    sha256 = save(folder, pixels)
    height, width, _ = pixels.shape
    return Stimulus(
        condition=condition, num_steps=num_steps, sha256=sha256, width=width, height=height, made_with="drawn"
    )


def _item(item_id, prompt, purpose, reference, stimuli):
    return Item(item_id=item_id, prompt=prompt, seed=0, purpose=purpose, reference=reference, stimuli=stimuli)


def _manifest(items, digests):
    renderer = Renderer(
        model="drawn",
        revision=None,
        model_digest="0" * 64,
        scheduler=None,
        guidance_scale=None,
        width=64,
        height=64,
        dtype=None,
        engine="per-prompt",
        predictor_digest=None,
        versions={},
    )
    return Manifest(
        study="drawn",
        renderer=renderer,
        compare=("OURS", "UNIFORM"),
        reference_condition="REFERENCE",
        items=items,
        digests=digests,
    )

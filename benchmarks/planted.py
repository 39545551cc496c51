"""A study of noise images, and observers of known taste who take it over HTTP; what a recovery is tested with."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from scipy.special import expit

from benchmarks.load import SECRET, send
from benchmarks.visitor import Visitor
from stimuli.manifest import Item, Manifest, Purpose, Renderer, Stimulus, image_path, write_manifest
from stimuli.store import save
from stimuli.studyfile import StudyFile
from study_server import studies
from study_server.db import Database
from study_server.observer import make_observer
from study_server.tokens import sign_pass

PEOPLE, TRIALS, PROMPTS, CATCHES = 20, 40, 80, 5
SIDE_PX = 8
PAIR = ("OURS", "UNIFORM")
SD_PERSON, SD_PROMPT = 0.35, 0.6
PREFERENCE, BIAS, LAPSE = 1.0, 0.5, 0.1
"""The largest log-odds of the preference, of the side bias, and the largest lapse rate that a run may draw."""
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(61)


@dataclass(frozen=True)
class Truth:
    """What a run's observers are made with: log-odds of choosing OURS, of the left side, and the share of coins."""

    preference: float
    bias: float
    lapse: float

    @classmethod
    def of(cls, seed: int) -> "Truth":
        """Draw the truth of a run."""
        rng = np.random.default_rng([seed, PEOPLE])
        return cls(rng.uniform(-PREFERENCE, PREFERENCE), rng.uniform(-BIAS, BIAS), rng.uniform(0, LAPSE))

    def on(self, left: bool) -> float:
        """Return the share of choices of OURS when it is on the left (or on the right), over people and prompts."""
        logit = self.preference + (self.bias if left else -self.bias)
        looked = WEIGHTS @ expit(logit + np.hypot(SD_PERSON, SD_PROMPT) * NODES) / WEIGHTS.sum()
        return float(self.lapse / 2 + (1 - self.lapse) * looked)

    @property
    def rate(self) -> float:
        """The selection rate of OURS, as the report's default estimates it: lapses included, sides balanced."""
        return (self.on(left=True) + self.on(left=False)) / 2

    @property
    def left(self) -> float:
        """The share of choices of the left image."""
        return (1 + self.on(left=True) - self.on(left=False)) / 2


@dataclass(frozen=True)
class Shown:
    """What an image is, by its bytes: its condition, the item's purpose, and what its prompt adds to the log-odds."""

    condition: str
    purpose: Purpose
    prompt: float


def make_people(truth: Truth, images: dict[bytes, Shown], seed: int) -> list["Person"]:
    """Return the observers of a run.

    Args:
        truth: What they have in common.
        images: Result of `publish`.
        seed: Of the run.
    """
    tastes = np.random.default_rng([seed, PROMPTS]).normal(0, SD_PERSON, PEOPLE)
    return [Person(truth, taste, images, seed, number) for number, taste in enumerate(tastes)]


class Person:
    """A simulated observer with a taste, who knows images by their bytes."""

    def __init__(self, truth: Truth, taste: float, images: dict[bytes, Shown], seed: int, number: int) -> None:
        self._truth, self._taste, self._images = truth, taste, images
        self._observer = make_observer(seed, number, truth.lapse)

    def take(self, address: str, name: str) -> None:
        """Take the whole study."""
        visitor = Visitor(address, name)
        visitor.start(entry=sign_pass(SECRET, name, "bot", "simulated-planted"))
        for trial in visitor.open():
            left = self._images[visitor.image(trial["images"]["left"])]
            status = send(visitor.line, visitor.bearer, self._answer(trial["index"], left), name)
            if status != 200:
                raise ValueError(f"answer {status}")
        visitor.complete()
        visitor.line.close()

    def _answer(self, trial: int, left: Shown) -> dict[str, Any]:
        rt_ms = self._observer.rt_ms()
        shown_at = (datetime.now(UTC) - timedelta(milliseconds=rt_ms)).isoformat()
        side = self._side(left)
        return {"uuid": str(uuid4()), "trial": trial, "response": side, "rt_ms": rt_ms, "shown_at": shown_at}

    def _side(self, left: Shown) -> str:
        """Return the chosen side, from what is on the left: a coin, what is plainly right, or what one likes."""
        if self._observer.rng.random() < self._truth.lapse:
            return self._observer.prefer("left", 0.5)
        is_first = left.condition == PAIR[0]
        if left.purpose == "catch":
            return "left" if is_first else "right"
        liked = self._truth.preference + self._taste + left.prompt
        logit = self._truth.bias + (liked if is_first else -liked)
        return self._observer.prefer("left", float(expit(logit)))


def publish(database: Database, name: str, seed: int, folder: Path) -> dict[bytes, Shown]:
    """Make a study of noise images, publish it, and return what each image's file is."""
    rng, known = np.random.default_rng([seed, TRIALS]), {}

    def image(condition: str, purpose: Purpose, prompt: float) -> Stimulus:
        sha256 = save(folder, rng.integers(0, 256, size=(SIDE_PX, SIDE_PX, 3), dtype=np.uint8))
        known[image_path(folder, sha256).read_bytes()] = Shown(condition, purpose, prompt)
        steps = 20 if condition == PAIR[0] else 14  # the first is plainly right in a catch trial
        size = {"width": SIDE_PX, "height": SIDE_PX}
        return Stimulus(condition=condition, num_steps=steps, sha256=sha256, made_with="noise", **size)

    items = []
    for number in range(PROMPTS + CATCHES):
        purpose: Purpose = "main" if number < PROMPTS else "catch"
        prompt = float(rng.normal(0, SD_PROMPT))
        stimuli = {condition: image(condition, purpose, prompt) for condition in PAIR}
        about = {"item_id": f"i{number}", "prompt": f"prompt {number}", "seed": 0, "purpose": purpose}
        items.append(Item(reference=image("REFERENCE", purpose, 0.0), stimuli=stimuli, **about))
    study = _study(name)
    manifest = _manifest(study, items)
    write_manifest(folder, manifest)
    with database.writing() as db:
        studies.create(db, study, manifest, folder)
    return known


def _study(name: str) -> StudyFile:
    identity = {"institution": "Nowhere", "contact": "nobody", "ethics": "none"}
    texts = dict.fromkeys(("landing", "consent", "instructions", "question", "declined", "debrief"), "Words.")
    return StudyFile.model_validate(
        {
            "study": {"name": name, "title": "Recovery", **identity},
            "stimuli": {"prompts": ["a wall"], "seeds": [0]},
            "design": {"participants": PEOPLE, "main_trials": TRIALS},
            "texts": texts,
        }
    )


def _manifest(study: StudyFile, items: list[Item]) -> Manifest:
    facts = {"scheduler": "none", "guidance_scale": 1.0, "width": SIDE_PX, "height": SIDE_PX}
    facts |= {"dtype": "none", "engine": "none", "predictor_digest": None, "versions": {}}
    return Manifest(
        study=study.study.name,
        renderer=Renderer(model="noise", revision=None, model_digest="0" * 64, **facts),
        compare=PAIR,
        reference_condition="REFERENCE",
        items=items,
        digests={"stimuli": study.stimuli_digest},
    )

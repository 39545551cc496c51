"""What the benchmarks of the participant's page share: a study of noise images, a server, a real Chromium, a person."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from stimuli.manifest import Item, Manifest, Purpose, Renderer, Stimulus
from stimuli.store import save
from stimuli.studyfile import StudyFile
from study_server import schema, studies
from study_server.db import Database
from study_server.models import Session as Visit
from study_server.models import Trial

NAME = "page"
SIDE = 64
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

Pixels = NDArray[np.uint8]


def publish(url: str, folder: Path, trials: int, side: int = SIDE) -> list[Pixels]:
    """Migrate a database, publish a study of noise triplets, and return its images, of `side` pixels.

    There are three for each item: the reference, A and B.
    """
    rng, images = np.random.default_rng(trials), []

    def image(condition: str) -> Stimulus:
        pixels = rng.integers(0, 256, size=(side, side, 3), dtype=np.uint8)
        images.append(pixels)
        sha256 = save(folder, pixels)
        return Stimulus(condition=condition, num_steps=9, sha256=sha256, width=side, height=side, made_with="steps")

    items = [_item(k, "main", image("REFERENCE"), {"A": image("A"), "B": image("B")}) for k in range(trials)]
    database = Database(url)
    schema.upgrade(database)
    with database.writing() as db:
        studies.create(db, _study(trials), _manifest(items), folder)
    database.close()
    return images


@contextmanager
def chromium(*switches: str) -> Iterator[Browser]:
    """Start a headless Chromium: the one that BUDGETFUSION_CHROMIUM names, the system's, or Playwright's."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("BUDGETFUSION_CHROMIUM") or next(filter(None, found), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*SWITCHES, *switches])
        try:
            yield browser
        finally:
            browser.close()


def planned(url: str, images: list[Pixels]) -> dict[int, dict[str, Pixels]]:
    """Return which of the published images each trial of the visit that began last must show, by place.

    Args:
        url: Of the database.
        images: What `publish` returned.
    """
    database = schema.open_database(url)
    latest = select(Visit.slot_id).order_by(Visit.id.desc()).limit(1).scalar_subquery()
    with database.reading() as db:
        trials = db.scalars(select(Trial).where(Trial.slot_id == latest)).all()
    database.close()

    def of(item_id: str, condition: str) -> Pixels:
        return images[3 * int(item_id.removeprefix("item-")) + ("REFERENCE", "A", "B").index(condition)]

    return {
        trial.trial_index: {
            "left": of(trial.item_id, trial.left_condition),
            "reference": of(trial.item_id, "REFERENCE"),
            "right": of(trial.item_id, trial.right_condition),
        }
        for trial in trials
    }


def enter(page: Page, url: str) -> None:
    """Go from the landing page to the first trial."""
    instructed(page, url)
    page.get_by_role("link", name="Begin").click()
    page.wait_for_selector("#stage[data-trial]")


def instructed(page: Page, url: str) -> None:
    """Go from the landing page to the instructions."""
    page.goto(f"{url}/s/{NAME}")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="I agree").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/instructions")


def _item(number: int, purpose: Purpose, reference: Stimulus, stimuli: dict[str, Stimulus]) -> Item:
    return Item(
        item_id=f"item-{number}",
        prompt=f"prompt {number}",
        seed=number,
        purpose=purpose,
        reference=reference,
        stimuli=stimuli,
    )


def _study(trials: int) -> StudyFile:
    texts = dict.fromkeys(("landing", "consent", "instructions", "question", "declined", "debrief"), "# Words")
    return StudyFile.model_validate(
        {
            "study": {"name": NAME, "title": "Page", "institution": "-", "contact": "-", "ethics": "-"},
            "stimuli": {"prompts": ["a wall"], "seeds": [0], "compare": ["A", "B"], "conditions": _CONDITIONS},
            "design": {"participants": 50, "main_trials": trials, "blank_ms": 100},
            "texts": texts,
        }
    )


_CONDITIONS = [{"name": name, "rule": "steps", "num_steps": k} for k, name in enumerate(("A", "B", "REFERENCE"), 9)]


def _manifest(items: list[Item]) -> Manifest:
    facts = {"scheduler": "none", "guidance_scale": 1.0, "dtype": "none", "engine": "none"}
    renderer = Renderer(
        model="noise",
        revision=None,
        model_digest="0" * 64,
        predictor_digest=None,
        versions={},
        width=SIDE,
        height=SIDE,
        **facts,
    )
    return Manifest(
        study=NAME,
        renderer=renderer,
        compare=("A", "B"),
        reference_condition="REFERENCE",
        items=items,
        digests={"stimuli": _study(1).stimuli_digest},
    )

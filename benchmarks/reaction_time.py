"""Is a response time what it says? Stored times beside those of the browser's own trace.

A real browser takes the study. Keys are put into its input path (CDP `Input.dispatchKeyEvent`), and the trace says when
it took each one in. The trace also holds a small picture of every frame and says when that frame was presented: the
first with the trial's images is the true onset. Nothing of this comes from the page.
"""

import base64
import io
import json
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page
from sqlalchemy import select

from benchmarks.browser import chromium, instructed, publish
from benchmarks.harness import Figure, main
from study_server import schema
from study_server.models import Answer, Trial
from study_server.models import Session as Visit
from study_server.serving import serving
from study_server.settings import Settings

SIDES, QUICK_SIDES = (64, 300), (300,)
"""A small image is widened; a larger one is shown pixel by pixel."""
TRIALS, QUICK_TRIALS = 25, 8
"""Of a visit; a trace holds the pictures of 450 frames at most."""
VISITS, QUICK_VISITS = 4, 1
SLOWER = 4
"""How many times slower the processor is made in some visits."""
SILENT = "Object.defineProperty(PerformanceObserver, 'supportedEntryTypes', { get: () => [] })"
"""Makes Chromium a browser that does not tell when a frame was presented, as Firefox and Safari are."""
SLACK_MS = 2.0
SHORTEST_MS, LONGEST_MS = 250, 450
WINDOW = {"width": 1280, "height": 800}
CATEGORIES = ["-*", "devtools.timeline", "latencyInfo", "disabled-by-default-devtools.screenshot"]
KEY = {"key": "f", "code": "KeyF", "windowsVirtualKeyCode": 70}
GREY_SPREAD = 10.0
"""Standard deviation of the levels where an image stands: noise has more, plain grey has less."""

Event = dict[str, Any]
Box = tuple[float, float, float, float]
Errors = NDArray[np.float64]


@dataclass(frozen=True)
class Condition:
    """What a visit is taken under; where the page cannot know the presentation, the error only informs."""

    name: str
    slower: int = 1
    is_silent: bool = False


CONDITIONS = (
    Condition("error of rt_ms"),
    Condition(f"processor {SLOWER} times slower", slower=SLOWER),
    Condition("browser that tells no presentation", is_silent=True),
)


@dataclass(frozen=True)
class Frame:
    """One frame that was presented: when (microseconds of the trace), and whether images were on it."""

    presented_us: float
    has_images: bool


@dataclass(frozen=True)
class Taken:
    """What a visit gave: stored minus true time of each trial, the time between frames, trials without an onset."""

    errors_ms: list[float]
    frame_ms: float
    without_onset: int


def measure(quick: bool) -> list[Figure]:
    """Take visits with small and with large images, under each condition in turn."""
    found: dict[Condition, list[Taken]] = {condition: [] for condition in CONDITIONS}
    sides, *amount = (QUICK_SIDES, QUICK_TRIALS, QUICK_VISITS) if quick else (SIDES, TRIALS, VISITS)
    for side in sides:
        with TemporaryDirectory(prefix="bfreaction") as name:
            for condition, taken in _visits(Path(name), side, *amount):
                found[condition].append(taken)
    return [figure for condition, taken in found.items() for figure in _figures(condition, taken)]


def _visits(folder: Path, side: int, trials: int, visits: int) -> Iterator[tuple[Condition, Taken]]:
    url = f"sqlite:///{folder / 'study.db'}"
    publish(url, folder, trials, side)
    settings = Settings("of a benchmark, and of nothing else", url, min_free_mb=0)
    with serving(settings) as address, chromium() as browser:
        for number in range(visits):
            for condition in CONDITIONS:
                events, box = _take(browser, address, trials, condition, number)
                yield condition, _compare(events, box, _stored(url))


def _take(browser: Browser, address: str, trials: int, condition: Condition, seed: int) -> tuple[list[Event], Box]:
    """Take a visit while the browser traces itself; return the trace, and where the left image stands in the window."""
    page, rng = browser.new_context(viewport=WINDOW).new_page(), random.Random(seed)  # type: ignore[arg-type]  # noqa: S311
    if condition.is_silent:
        page.add_init_script(SILENT)
    instructed(page, address)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": condition.slower})
    browser.start_tracing(page=page, categories=CATEGORIES)
    page.get_by_role("link", name="Begin").click()
    for trial in range(trials):
        page.wait_for_selector(f'#stage[data-trial="{trial}"]')
        box = _box(page)
        page.wait_for_timeout(rng.uniform(SHORTEST_MS, LONGEST_MS))
        _press(cdp)
    page.wait_for_url("**/done")
    events: list[Event] = json.loads(browser.stop_tracing())["traceEvents"]
    page.context.close()
    return events, box


def _box(page: Page) -> Box:
    box = page.locator("#left").bounding_box()
    assert box is not None  # noqa: S101 - it is on the screen
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def _press(cdp: CDPSession) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        cdp.send("Input.dispatchKeyEvent", {"type": kind, **KEY})


def _compare(events: list[Event], box: Box, stored_ms: list[float]) -> Taken:
    """Hold the stored times against those of the trace, trial by trial."""
    frames, keys = _frames(events, box), _keys(events)
    onsets = [_onset(frames, key) for key in keys]
    trials = zip(stored_ms, keys, onsets, strict=True)
    errors = [stored - (key - onset) / 1000 for stored, key, onset in trials if onset is not None]
    return Taken(errors, _frame_ms(events), onsets.count(None))


def _frames(events: list[Event], box: Box) -> list[Frame]:
    """Return the frames that were presented, in order."""
    presented = {
        event["args"]["begin_frame_id"]["sequence_number"]: float(event["ts"])
        for event in events
        if event["name"] == "AnimationFrame::Presentation"
    }
    shots = {event["args"]["frame_sequence"]: event["args"]["snapshot"] for event in _shots(events)}
    return [Frame(presented[number], _has_images(shots[number], box)) for number in sorted(shots.keys() & presented)]


def _shots(events: list[Event]) -> list[Event]:
    return [event for event in events if event["name"] == "Screenshot"]


def _has_images(jpeg: str, box: Box) -> bool:
    picture = Image.open(io.BytesIO(base64.b64decode(jpeg))).convert("L")
    scale = picture.width / WINDOW["width"]
    return bool(np.asarray(picture.crop(tuple(round(edge * scale) for edge in box))).std() > GREY_SPREAD)  # type: ignore[arg-type]


def _keys(events: list[Event]) -> list[float]:
    """Return when the browser took in each key, microseconds of the trace."""
    return sorted(float(e["ts"]) for e in events if e["name"] == "InputLatency::RawKeyDown" and e["ph"] == "b")


def _onset(frames: list[Frame], key_us: float) -> float | None:
    """Return when the images came up that a key answered: the last step from grey to images before it."""
    steps = [new.presented_us for old, new in pairwise(frames) if new.has_images and not old.has_images]
    return max((step for step in steps if step < key_us), default=None)


def _frame_ms(events: list[Event]) -> float:
    """Return the time between frames by which the browser plans, milliseconds."""
    times = sorted((e["args"]["frame_sequence"], e["args"]["expected_display_time"]) for e in _shots(events))
    gaps = [(later - sooner) / (last - first) for (first, sooner), (last, later) in pairwise(times) if last > first]
    return float(statistics.median(gaps)) / 1000


def _stored(url: str) -> list[float]:
    """Return the response times of the visit that ended last, milliseconds, in the order of its trials."""
    database = schema.open_database(url)
    latest = select(Visit.slot_id).order_by(Visit.id.desc()).limit(1).scalar_subquery()
    times = select(Answer.rt_ms).join(Trial, Answer.trial_id == Trial.id)
    with database.reading() as db:
        found = list(db.scalars(times.where(Trial.slot_id == latest).order_by(Trial.trial_index)))
    database.close()
    return found


def _figures(condition: Condition, visits: list[Taken]) -> list[Figure]:
    errors = np.array([error for taken in visits for error in taken.errors_ms])
    frame_ms, sizes, name = statistics.median(taken.frame_ms for taken in visits), np.abs(errors), condition.name
    target, limit = frame_ms + SLACK_MS if not condition.is_silent else None, ("one frame, ms", frame_ms)
    lost = sum(taken.without_onset for taken in visits)
    return [
        Figure(f"{name}: median size", _at(sizes, 0.5), "ms", target, "<=", *limit, *_span(sizes)),
        Figure(f"{name}: bias, and quartiles", _at(errors, 0.5), "ms", None, "<=", *limit, *_quartiles(errors)),
        Figure(f"{name}: 95 % are smaller than", _at(sizes, 0.95), "ms", None, "<=", *limit),
        Figure(f"{name}: onsets not in the trace", lost, "", 0.0, "<=", "trials", errors.size + lost),
    ]


def _at(values: Errors, level: float) -> float:
    return float(np.quantile(values, level))


def _quartiles(values: Errors) -> tuple[float, float]:
    return _at(values, 0.25), _at(values, 0.75)


def _span(values: Errors) -> tuple[float, float]:
    return _at(values, 0.0), _at(values, 1.0)


if __name__ == "__main__":
    main("reaction_time", measure)

"""Simulated observers who take the study as people do: the same pages, forms, images and answers over HTTP."""

import io
import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

from stimuli.manifest import Item, read_manifest
from stimuli.perceived import Perceived, read_perceived
from stimuli.store import pixel_sha256
from study_server.errors import SimulationError
from study_server.observer import Observer, make_observer
from study_server.slots import better_condition
from study_server.tokens import sign_pass

WORKERS = 4
Side = Literal["left", "right"]
DEVICE = json.dumps(
    {"kind": "desktop", "engine": "other", "pixel_ratio": 1, "zoom": 1, "window": [1280, 800], "screen": [1280, 800]}
    | {"scale": 1, "frame_ms": 16.7, "gamut": "unknown", "is_isolated": False}
)
"""What a simulated observer says of its device."""
_FORM_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class Judgement(Protocol):
    """How an observer answers one trial, given the sha256 of each image's pixels by place."""

    def __call__(self, observer: Observer, pixels: dict[str, str]) -> Side:
        """Return the chosen side."""


@dataclass(frozen=True)
class Simulation:
    """What a simulation needs to know.

    Args:
        url: Address of the running server.
        study: Name of the study.
        secret_key: The server's; it signs the pass that marks a visit as simulated.
        judge: How observers answer.
        flag: What marks their rows, 'simulated-perceived' or 'simulated-planted'.
        seed: Of the observers.
        lapse_rate: Share of trials answered by a coin.
    """

    url: str
    study: str
    secret_key: str
    judge: Judgement
    flag: str
    seed: int = 0
    lapse_rate: float = 0.02


def perceiving(folder: Path, jnd_unit: float) -> Judgement:
    """Return a judgement by what is in the pixels: the metric distance of each image to the reference.

    Args:
        folder: Stimuli folder with its sidecar of distances.
        jnd_unit: Distance that is one JND.
    """
    perceived: Perceived = read_perceived(folder)

    def judge(observer: Observer, pixels: dict[str, str]) -> Side:
        reference = pixels["reference"]
        left, right = (perceived.distance(reference, pixels[side]) / jnd_unit for side in ("left", "right"))
        return observer.choose(left, right)

    return judge


def planted(folder: Path, probability: float) -> Judgement:
    """Return a judgement with a known answer, to prove that an analysis recovers it.

    Args:
        folder: Stimuli folder.
        probability: Of choosing the first compared condition in a main trial; elsewhere the better side is chosen.
    """
    manifest = read_manifest(folder)
    favourites = {_pair(item): _favourite(item) for item in manifest.items}

    def judge(observer: Observer, pixels: dict[str, str]) -> Side:
        item, favourite = favourites[frozenset((pixels["left"], pixels["right"]))]
        if pixels["left"] == pixels["right"]:
            return observer.prefer("left", 0.5)
        side: Side = "left" if pixels["left"] == favourite else "right"
        return observer.prefer(side, probability if item.purpose == "main" else 1 - observer.lapse_rate / 2)

    return judge


def simulate(simulation: Simulation, observers: Iterable[int], tell: Callable[[], None] = lambda: None) -> None:
    """Let observers take the study; they arrive one after the other and then answer at the same time.

    Args:
        simulation: Where, what and how.
        observers: Their numbers; observer k is the same in every simulation with this seed.
        tell: Called when one has finished.

    Raises:
        SimulationError: If the server does not answer as it answers a person.
    """
    visits = [_Visit(simulation, number) for number in observers]
    try:
        for visit in visits:
            visit.arrive()
        with ThreadPoolExecutor(WORKERS) as pool:
            for _ in pool.map(_Visit.take, visits):
                tell()
    finally:
        for visit in visits:
            visit.close()


class _Visit:
    """One observer's browser."""

    def __init__(self, simulation: Simulation, number: int) -> None:
        self._simulation = simulation
        self._observer = make_observer(simulation.seed, number, simulation.lapse_rate)
        self._client = httpx.Client(base_url=simulation.url, follow_redirects=True, trust_env=False, timeout=60)
        self._base = f"/s/{simulation.study}"
        self._form_token = ""

    def arrive(self) -> None:
        entry = sign_pass(self._simulation.secret_key, self._simulation.study, "bot", self._simulation.flag)
        page = self._get(self._base, params={"pass": entry})
        self._form_token = _FORM_TOKEN.findall(page.text)[0]
        self._submit("/start", {"external_id": "", "pass": entry}, ends_at="/consent")

    def take(self) -> None:
        self._submit("/consent", {"decision": "agree"}, ends_at="/device")
        self._submit("/device", {"facts": DEVICE}, ends_at="/instructions")
        self._get(f"{self._base}/trials")
        opened = self._call("/visit").json()
        self._client.headers["Authorization"] = f"Bearer {opened['bearer']}"
        for trial in opened["trials"]:
            self._answer(trial)
        self._submit("/finish", {}, ends_at="/done")

    def close(self) -> None:
        self._client.close()

    def _answer(self, trial: dict[str, Any]) -> None:
        pixels = {place: self._look(name) for place, name in trial["images"].items()}
        rt_ms = self._observer.rt_ms()
        answer = {
            "uuid": str(uuid4()),
            "trial": trial["index"],
            "response": self._simulation.judge(self._observer, pixels),
            "rt_ms": rt_ms,
            "shown_at": (datetime.now(UTC) - timedelta(milliseconds=rt_ms)).isoformat(),
        }
        self._call("/answers", answer)

    def _look(self, name: str) -> str:
        png = self._get(f"{self._base}/i/{name}.png").content
        with Image.open(io.BytesIO(png)) as image:
            return pixel_sha256(np.asarray(image.convert("RGB")))

    def _get(self, path: str, params: dict[str, str] | None = None) -> httpx.Response:
        return self._expect(self._client.get(path, params=params), path)

    def _call(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"Origin": self._simulation.url}
        return self._expect(self._client.post(self._base + path, json=body, headers=headers), path)

    def _submit(self, path: str, fields: dict[str, str], ends_at: str) -> None:
        form = {"form_token": self._form_token, **fields}
        self._expect(self._client.post(self._base + path, data=form), ends_at)

    def _expect(self, response: httpx.Response, ends_at: str) -> httpx.Response:
        if response.status_code != 200 or not response.url.path.endswith(ends_at):
            raise SimulationError(str(response.url.copy_with(query=None)), response.status_code, f"200 at {ends_at}")
        return response


def _pair(item: Item) -> frozenset[str]:
    return frozenset(stimulus.sha256 for stimulus in item.stimuli.values())


def _favourite(item: Item) -> tuple[Item, str]:
    condition = next(iter(item.stimuli)) if item.purpose == "main" else better_condition(item)
    return item, item.stimuli[condition].sha256

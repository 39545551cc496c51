"""Does the participant's page lose an answer? Requests are dropped, doubled and cut off, the server is killed.

A headless participant takes a study in a real browser, on a line that also goes down for a while. What it pressed is
written down outside the page; at the end that must be what is stored, each once. What every trial drew is read back
from the page and compared with the images that are planned for it.
"""

import base64
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from playwright.sync_api import Error, Page, Request, Route
from sqlalchemy import select

from benchmarks.browser import SIDE, Pixels, chromium, enter, planned, publish
from benchmarks.harness import Figure, main
from benchmarks.load import SECRET, _free_port, wait_for
from study_server import schema
from study_server.models import Answer, Trial

TRIALS, QUICK_TRIALS = 60, 10
DROPPED, DOUBLED, CUT = 0.10, 0.20, 0.05
OFFLINE_S, QUICK_OFFLINE_S = 60.0, 3.0
DOWN_S = 1.0
PATIENCE_MS = 120_000
SHOWN = """(before) => location.pathname.endsWith('/done')
  || ![undefined, before].includes(document.querySelector('#stage')?.dataset.trial)"""
READ = """() => Object.fromEntries(['left', 'reference', 'right'].map((id) => {
  const canvas = document.getElementById(id), wide = canvas.width / SIDE;
  const rgba = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let bytes = '';
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) {
    const at = 4 * wide * (y * canvas.width + x);
    bytes += String.fromCharCode(rgba[at], rgba[at + 1], rgba[at + 2]);
  }
  return [id, btoa(bytes)]; }))""".replace("SIDE", str(SIDE))
Plan = dict[int, dict[str, Pixels]]


@dataclass
class Line:
    """The bad line between the page and the server, and what it did."""

    rng: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def carry(self, route: Route, request: Request) -> None:
        """Drop, double, cut off or pass on one request of the page's program."""
        chance = self.rng.random()
        if request.resource_type != "fetch":
            route.continue_()
        elif chance < DROPPED:
            self.done["dropped"] += 1
            route.abort()
        elif request.method == "POST" and chance < DROPPED + DOUBLED:
            self._double(route, request)
        elif request.method == "GET" and chance < DROPPED + CUT:
            self._cut_off(route)
        else:
            route.continue_()

    def _double(self, route: Route, request: Request) -> None:
        """Send a call by another way first, as a proxy that repeats it would."""
        self.done["doubled"] += 1
        kept = ("authorization", "content-type", "origin", "cookie")
        headers = {name: value for name, value in request.all_headers().items() if name in kept}
        try:
            httpx.post(request.url, content=request.post_data_buffer or b"", headers=headers, timeout=10)
        except httpx.HTTPError:
            self.done["twins lost"] += 1
        route.continue_()

    def _cut_off(self, route: Route) -> None:
        """Deliver the first half of an image as if it were the whole."""
        self.done["cut off"] += 1
        try:
            whole = route.fetch()
            route.fulfill(status=200, content_type="image/png", body=whole.body()[: len(whole.body()) // 2])
        except Error:  # the server is away at this moment
            route.abort()


class Server:
    """A server in processes of its own, which can be killed and started again on the same port."""

    def __init__(self, url: str) -> None:
        self._environment = {**os.environ, "SECRET_KEY": SECRET, "DATABASE_URL": url, "MIN_FREE_MB": "0"}
        self._port = _free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "budgetfusion", "study", "serve", "--port", str(self._port)]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=self._environment, stdout=quiet, stderr=quiet, start_new_session=True
        )
        wait_for(f"{self.address}/readyz")
        return process

    def kill(self) -> None:
        """Kill every process of the server with SIGKILL, and start it again a moment later."""
        self.end(signal.SIGKILL)
        time.sleep(DOWN_S)
        self._process = self._start()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End every process of the server."""
        os.killpg(self._process.pid, how)
        self._process.wait(timeout=60)


@dataclass
class Visit:
    """What the participant pressed, by trial, and how many images were not those of the trial."""

    given: dict[int, str] = field(default_factory=dict)
    bad_images: int = 0


def measure(quick: bool) -> list[Figure]:
    """Take the study on a bad line and compare."""
    trials, offline_s = (QUICK_TRIALS, QUICK_OFFLINE_S) if quick else (TRIALS, OFFLINE_S)
    with TemporaryDirectory(prefix="bffaults") as name:
        folder, url = Path(name), f"sqlite:///{Path(name) / 'study.db'}"
        masters = publish(url, folder, trials)
        server, line = Server(url), Line(random.Random(trials))  # noqa: S311 - chance, not secrets
        try:
            with chromium() as browser:
                page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
                enter(page, server.address)
                page.route("**/*", line.carry)
                visit = _take(page, server, trials, offline_s, planned(url, masters))
        finally:
            server.end()
        return _figures(visit, _stored(url), trials, line)


def _take(page: Page, server: Server, trials: int, offline_s: float, plan: Plan) -> Visit:
    visit, rng, shown = Visit(), random.Random(1), None  # noqa: S311
    kills, gap = {trials // 4, 3 * trials // 4}, trials // 2
    for number in range(trials):
        page.wait_for_function(SHOWN, arg=shown, timeout=PATIENCE_MS)
        page.wait_for_timeout(60)  # the frame after the one that drew
        shown = page.get_attribute("#stage", "data-trial")
        wanted = plan[int(str(shown))]
        read = page.evaluate(READ)
        visit.bad_images += sum(base64.b64decode(read[place]) != wanted[place].tobytes() for place in wanted)
        side = rng.choice(["left", "right"])
        visit.given[int(str(shown))] = side
        if number == gap:
            page.context.set_offline(True)
        page.keyboard.press("f" if side == "left" else "j")
        if number in kills:
            server.kill()
        if number == gap:
            page.wait_for_timeout(1000 * offline_s)
            page.context.set_offline(False)
    page.wait_for_url("**/done", timeout=PATIENCE_MS)
    return visit


def _stored(url: str) -> Counter[tuple[int, str]]:
    database = schema.open_database(url)
    with database.reading() as db:
        rows = db.execute(select(Trial.trial_index, Answer.response).join(Answer, Answer.trial_id == Trial.id))
        found = Counter((row.trial_index, row.response) for row in rows)
    database.close()
    return found


def _figures(visit: Visit, stored: Counter[tuple[int, str]], trials: int, line: Line) -> list[Figure]:
    given = Counter(visit.given.items())
    print(f"{trials} trials; the line: {dict(line.done)}")
    words = "answers given"
    return [
        Figure("given and not stored", (given - stored).total(), "", 0.0, "<=", words, trials),
        Figure("stored and not given, or twice", (stored - given).total(), "", 0.0, "<=", words, trials),
        Figure("images drawn that are not the trial's", visit.bad_images, "", 0.0, "<=", "images", 3 * trials),
        Figure("requests dropped, doubled or cut off", line.done.total(), "", trials / 4, ">=", words, trials),
    ]


if __name__ == "__main__":
    main("page_faults", measure)

"""People who take a study as Prolific sends them: the same pages, forms and answers, over HTTP."""

import html
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from study_server.simulate import DEVICE

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Person:
    """One person's browser.

    Args:
        url: Of the server.
        study: Its name there.
        prolific_id: Of the person, 24 hexadecimal digits.
        submission: Likewise.
        seed: Of how fast they are, and of what they answer where they do not look.
        sides: What they answer to each trial, by its index; without an entry they do not look.
        now: Their clock.
    """

    def __init__(
        self,
        url: str,
        study: str,
        prolific_id: str,
        submission: str,
        seed: int,
        sides: dict[int, str],
        now: Callable[[], datetime],
    ) -> None:
        self._base, self._origin = f"{url}/s/{study}", url
        self._query = {"PROLIFIC_PID": prolific_id, "STUDY_ID": "5" * 24, "SESSION_ID": submission}
        self._client = httpx.Client(follow_redirects=True, trust_env=False, timeout=60)
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._fields: dict[str, str] = {}
        self._sides, self._now = sides, now
        self._slowness = self._rng.lognormvariate(0, 0.25)
        self.trials: list[dict[str, object]] = []

    def arrive(self) -> None:
        """Open the link, start and agree."""
        page = self._client.get(self._base, params=self._query)
        self._fields = {name: html.unescape(value) for name, value in _HIDDEN.findall(page.text)}
        self._post("/start", **self._fields)
        self._post("/consent", decision="agree")

    def prepare(self) -> None:
        """Pass the device gate, read the instructions, answer the comprehension check, and open the trials."""
        self._post("/device", facts=DEVICE)
        self._client.get(f"{self._base}/instructions")
        self._post("/check", **{"answer-0": "2"})
        self._client.get(f"{self._base}/trials")
        opened = self._call("/visit")
        self._client.headers["Authorization"] = f"Bearer {opened['bearer']}"
        self.trials = opened["trials"]

    def fail_the_check(self) -> None:
        """Answer the comprehension check wrongly, twice."""
        self._post("/device", facts=DEVICE)
        for _ in range(2):
            self._client.get(f"{self._base}/instructions")
            self._client.get(f"{self._base}/check")
            self._post("/check", **{"answer-0": "1"})

    def answer(self, count: int | None = None) -> None:
        """Answer the next trials, on either side."""
        self._tell([self._event("loaded", trial["index"], self._rng.lognormvariate(5, 0.5)) for trial in self.trials])
        for trial in self.trials[:count]:
            rt_ms = round(1800 * self._slowness * self._rng.lognormvariate(0, 0.4), 1)
            shown_at = self._now() - timedelta(milliseconds=rt_ms)
            side = self._sides.get(trial["index"]) or self._rng.choice(["left", "right"])
            said = {"uuid": str(uuid4()), "trial": trial["index"], "response": side}
            self._call("/answers", {**said, "rt_ms": rt_ms, "shown_at": shown_at.isoformat()})
        self.trials = self.trials[count:] if count else []

    def look_away(self, trial: int) -> None:
        """Hide the page in a trial, and show it again."""
        self._tell([self._event(kind, trial, None) for kind in ("hidden", "shown")])

    def finish(self) -> None:
        """End the visit."""
        self._post("/finish")

    def code(self) -> str:
        """Return the completion code of the last page."""
        for path in ("/done", "/over"):
            found = re.search(
                r"cc=([A-Z0-9]+)|class=\"code\"[^>]*>([A-Z0-9]+)<", self._client.get(self._base + path).text
            )
            if found:
                return found.group(1) or found.group(2)
        raise AssertionError("no completion code")

    def close(self) -> None:
        """Close the browser."""
        self._client.close()

    def _tell(self, events: list[dict[str, object]]) -> None:
        self._call("/events", {"events": events})

    def _event(self, kind: str, trial: object, value: float | None) -> dict[str, object]:
        happened_at = self._now().isoformat()
        return {"uuid": str(uuid4()), "kind": kind, "trial": trial, "value": value, "happened_at": happened_at}

    def _post(self, path: str, **fields: str) -> httpx.Response:
        sent = {"form_token": self._fields["form_token"], **fields}
        answered = self._client.post(self._base + path, data=sent)
        assert answered.status_code == 200, (path, answered.status_code, answered.text[-600:])
        return answered

    def _call(self, path: str, body: object = None) -> dict:
        answered = self._client.post(self._base + path, json=body, headers={"Origin": self._origin})
        assert answered.status_code == 200, (path, answered.status_code, answered.text)
        return answered.json()

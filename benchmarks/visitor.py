"""A person in a browser, so far as HTTP can tell: the pages, forms and calls of a study, and no screen."""

import json
import re
import time
from typing import Any
from urllib.parse import urlencode

from benchmarks.load import NAME, Line
from study_server.simulate import DEVICE

_TOKEN = re.compile(rb'name="form_token" value="([^"]+)"')


class Visitor:
    """One visit, over one persistent connection.

    Args:
        address: Of the server.
        study: Name of the study.
    """

    def __init__(self, address: str, study: str = NAME) -> None:
        self.line, self._study, self._cookie, self._form_token = Line(address), study, "", ""
        self.bearer, self.is_in = "", False

    def start(self, external_id: str = "", entry: str = "") -> float:
        """Open the link, click start, and return how long that click took, seconds.

        Args:
            external_id: Of a live participant.
            entry: A pass to another mode than live.
        """
        page = self.get(f"?{urlencode({'PROLIFIC_PID': external_id, 'pass': entry})}")
        self._form_token = _TOKEN.findall(page)[0].decode()
        began = time.perf_counter()
        place = self._submit("start", {"external_id": external_id, "pass": entry})
        seconds = time.perf_counter() - began
        self.is_in = place.endswith("/consent")
        return seconds

    def open(self) -> list[dict[str, Any]]:
        """Agree, and return the trials: index, block and the names of the images."""
        self._submit("consent", {"decision": "agree"})
        self._submit("device", {"facts": DEVICE})
        opened = json.loads(self._post("visit", Cookie=self._cookie))
        self.bearer = opened["bearer"]
        return list(opened["trials"])

    def image(self, name: str) -> bytes:
        """Return the file of an image."""
        return self.get(f"/i/{name}.png")

    def complete(self) -> None:
        """Finish, once every trial is answered."""
        found = json.loads(self._post("completion", Authorization=f"Bearer {self.bearer}"))
        if found["outcome"] != "completed":
            raise ValueError(f"completion {found['outcome']}")

    def get(self, path: str) -> bytes:
        """Return a page or an image of the study; `path` begins after the study's name."""
        status, body, found = self.line.call("GET", f"/s/{self._study}{path}", Cookie=self._cookie)
        self._keep(found)
        if status != 200:
            raise ValueError(f"{path.partition('?')[0] or 'landing'} {status}")
        return body

    def _post(self, call: str, **headers: str) -> bytes:
        status, body, _ = self.line.call("POST", f"/s/{self._study}/{call}", b"", Origin=self.line.url, **headers)
        if status != 200:
            raise ValueError(f"{call} {status}")
        return body

    def _submit(self, page: str, fields: dict[str, str]) -> str:
        """Send a form and return where it leads."""
        body = urlencode({"form_token": self._form_token, **fields}).encode()
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        status, _, found = self.line.call("POST", f"/s/{self._study}/{page}", body, **headers)
        self._keep(found)
        if status != 303:
            raise ValueError(f"{page} {status}")
        return str(found["Location"])

    def _keep(self, found: dict[str, str]) -> None:
        if found.get("Set-Cookie"):
            self._cookie = found["Set-Cookie"].partition(";")[0]

"""Which image was made for which prompt, seed and number of steps: what lets rendering go on where it stopped."""

import json
from pathlib import Path

from stimuli.errors import StimuliError
from stimuli.store import load

INDEX_NAME = "rendered.jsonl"
Key = tuple[str, int, int]
"""Prompt, seed and number of steps: what fixes an image of one model."""


class RenderIndex:
    """A growing file of (key, sha256) for one model; a line that was cut off is ignored.

    Args:
        folder: The stimuli folder.
        model_digest: Lines of other models are not looked at.
    """

    def __init__(self, folder: Path, model_digest: str) -> None:
        self.folder, self.model_digest = folder, model_digest
        self._known = dict(_lines(folder / INDEX_NAME, model_digest))

    def find(self, key: Key) -> str | None:
        """Return the sha256 of the image of a key, or none if it was not made, is missing or is not what it was."""
        sha256 = self._known.get(key)
        try:
            return sha256 if sha256 and load(self.folder, sha256) is not None else None
        except StimuliError:
            return None

    def add(self, key: Key, sha256: str) -> None:
        """Remember an image that has just been saved."""
        self._known[key] = sha256
        record = [self.model_digest, *key, sha256]
        with (self.folder / INDEX_NAME).open("a", encoding="ascii") as file:
            file.write("\n" + json.dumps(record))  # the line break first: it also ends a line that was cut off


def _lines(path: Path, model_digest: str) -> list[tuple[Key, str]]:
    found: list[tuple[Key, str]] = []
    for line in path.read_text(encoding="ascii", errors="replace").splitlines() if path.is_file() else []:
        try:
            digest, prompt, seed, num_steps, sha256 = json.loads(line)
        except ValueError:
            continue
        if digest == model_digest:
            found.append(((prompt, seed, num_steps), sha256))
    return found

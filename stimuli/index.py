"""Which image was made of which recipe: what lets rendering go on where it stopped, here or on another machine."""

import json
from dataclasses import dataclass
from pathlib import Path

from stimuli.errors import StimulusMismatchError, StimulusMissingError
from stimuli.plan import Recipe
from stimuli.store import Store

INDEX_NAME = "rendered.jsonl"


@dataclass(frozen=True)
class StoredImage:
    """An image in the store; `num_steps` only if it was made elsewhere and its file's name said so."""

    sha256: str
    width: int
    height: int
    num_steps: int | None = None


class ImageIndex:
    """Growing files of (recipe, image); a line that was cut off is ignored.

    All files `rendered*.jsonl` of the folder are read, and one is written, so parts that were rendered on several
    machines are joined by copying their folders into one.

    Args:
        folder: The stimuli folder.
        store: Where its images lie.
        model_digest: Of the model that makes recipes of source 'model'; lines of other models are not looked at.
        part: Which part of how many is written.
    """

    def __init__(self, folder: Path, store: Store, model_digest: str = "", part: tuple[int, int] | None = None) -> None:
        self.store, self.model_digest = store, model_digest
        name = INDEX_NAME if part is None else f"rendered-{part[0]}-of-{part[1]}.jsonl"
        self._path = folder / name
        self._known: dict[tuple[str, Recipe], StoredImage] = {}
        for path in sorted(folder.glob("rendered*.jsonl")):
            self._known.update(_lines(path))

    def find(self, recipe: Recipe) -> StoredImage | None:
        """Return the image of a recipe, or none if it was not made, is missing or is not what it was."""
        image = self._known.get(self._key(recipe))
        if image is None:
            return None
        try:
            self.store.load(image.sha256)
        except (StimulusMissingError, StimulusMismatchError):
            return None
        return image

    def add(self, recipe: Recipe, image: StoredImage) -> None:
        """Remember an image that has just been saved."""
        key = self._key(recipe)
        if self._known.get(key) == image:
            return
        self._known[key] = image
        record = {"model": key[0], **vars(recipe), "image": vars(image)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write("\n" + json.dumps(record))  # the line break first: it also ends a line that was cut off

    def _key(self, recipe: Recipe) -> tuple[str, Recipe]:
        return (self.model_digest if recipe.source == "model" else "", recipe)


def _lines(path: Path) -> dict[tuple[str, Recipe], StoredImage]:
    found = {}
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        try:
            record = json.loads(line)
            model, image = record.pop("model"), StoredImage(**record.pop("image"))
            found[model, Recipe(**record)] = image
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # cut off, or of another version
    return found

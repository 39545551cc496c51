"""A few items as people saw them, small enough to stand in a report."""

import base64
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from stimuli.manifest import Item, Manifest, Stimulus, image_path
from stimuli.store import Store

LARGEST = 256  # pixels; larger images are reduced, smaller ones are kept and shown enlarged


@dataclass(frozen=True)
class Picture:
    """One image of an item: its condition, its steps and a `data:` address that holds the pixels."""

    condition: str
    num_steps: int | None
    address: str


@dataclass(frozen=True)
class Row:
    """One item: its prompt and its pictures, the reference in the middle."""

    prompt: str
    pictures: tuple[Picture, ...]


def strip(folder: Path, manifest: Manifest) -> tuple[Row, ...]:
    """Return the main items with the fewest, the median and the most steps of the first condition.

    Args:
        folder: The stimuli folder.
        manifest: Its manifest.

    Returns:
        Up to three rows; none where the folder has no images.

    Raises:
        StimulusMismatchError: If an image is not the one that people saw.
    """
    first, second = manifest.compare
    mains = [i for i in manifest.items if i.purpose == "main" and {first, second} <= set(i.stimuli)]
    store = Store(folder, manifest.image_format)
    items = [i for i in mains if _has_images(folder, manifest, i)]
    items.sort(key=lambda item: (item.stimuli[first].num_steps or 0, item.item_id))
    places = sorted({0, len(items) // 2, len(items) - 1}) if items else []
    return tuple(_row(store, items[place], first, second) for place in places)


def _row(store: Store, item: Item, first: str, second: str) -> Row:
    shown = [item.stimuli[first], item.reference, item.stimuli[second]]
    return Row(item.prompt, tuple(_picture(store, stimulus) for stimulus in shown if stimulus is not None))


def _has_images(folder: Path, manifest: Manifest, item: Item) -> bool:
    every = [*item.stimuli.values(), *([item.reference] if item.reference else [])]
    return all(image_path(folder, stimulus.sha256, manifest.image_format).is_file() for stimulus in every)


def _picture(store: Store, stimulus: Stimulus) -> Picture:
    small = Image.fromarray(store.load(stimulus.sha256))
    small.thumbnail((LARGEST, LARGEST))
    png = BytesIO()
    small.save(png, format="PNG")
    address = "data:image/png;base64," + base64.b64encode(png.getvalue()).decode("ascii")
    return Picture(stimulus.condition, stimulus.num_steps, address)

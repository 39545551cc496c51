"""Contact sheets: what a study shows, row by row, with steps and how far each image lies from its reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stimuli.errors import ManifestError
from stimuli.manifest import SAME, Item, Manifest, Stimulus
from stimuli.perceived import Perceived, read_perceived
from stimuli.store import Store

Layout = Literal["items", "steps"]
"""'items': a row for each item, the reference in the middle; 'steps': a row for each prompt and seed, by steps."""


@dataclass(frozen=True)
class Picture:
    """One image of a row.

    Attributes:
        condition: Its name.
        num_steps: Denoising steps, if known.
        pixels: RGB, shape (height, width, 3), 0..255.
        is_reference: Whether it stands in the middle of the item.
        psnr_db: Peak signal-to-noise ratio to the reference, dB; infinite for equal pixels, none without a reference.
        d_sim: Distance to the reference, 0..1, if it was measured.
    """

    condition: str
    num_steps: int | None
    pixels: NDArray[np.uint8]
    is_reference: bool
    psnr_db: float | None
    d_sim: float | None

    @property
    def caption(self) -> str:
        """Condition and steps."""
        return self.condition if self.num_steps is None else f"{self.condition} · {self.num_steps}"

    @property
    def distance(self) -> str:
        """How far it lies from the reference, in words."""
        if self.is_reference:
            return "reference"
        if self.psnr_db is None:
            return ""
        if np.isinf(self.psnr_db):
            return "equal to reference"
        words = f"{self.psnr_db:.1f} dB"
        return words if self.d_sim is None else f"{words} · D {self.d_sim:.3f}"


@dataclass(frozen=True)
class Row:
    """A prompt with its pictures."""

    prompt: str
    note: str
    pictures: tuple[Picture, ...]


def rows(folder: Path, manifest: Manifest, layout: Layout, store: Store | None = None) -> list[Row]:
    """Return the rows of a sheet of main and identical items.

    Args:
        folder: The stimuli folder.
        manifest: Its manifest.
        layout: What a row is.
        store: Where the images lie; none: `images/` below the folder.

    Raises:
        StimulusMissingError: If an image is not there.
        StimulusMismatchError: If an image's pixels are others.
    """
    store = store or Store(folder, manifest.image_format)
    perceived = _perceived(folder)
    items = [i for i in manifest.items if i.purpose in ("main", "identical") and SAME not in i.stimuli]
    if layout == "items":
        return [_row([item], _middle(item), store, perceived) for item in items]
    lines: dict[tuple[str, int], list[Item]] = {}
    for item in items:
        lines.setdefault((item.prompt, item.seed), []).append(item)
    return [_row(group, _by_steps(group), store, perceived) for group in lines.values()]


def psnr_db(pixels: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Return the peak signal-to-noise ratio of an image to its reference, dB; infinite for equal pixels.

    Args:
        pixels: RGB, shape (height, width, 3), 0..255.
        reference: Likewise, of the same shape.
    """
    error = float(np.mean((pixels.astype(np.float64) - reference) ** 2))
    return float("inf") if error == 0 else 10 * float(np.log10(255**2 / error))


def _middle(item: Item) -> list[Stimulus]:
    """Return an item's images as a participant may see them: one, the reference, the other."""
    one, other = item.stimuli.values()
    return [one, *([item.reference] if item.reference else []), other]


def _by_steps(items: Sequence[Item]) -> list[Stimulus]:
    """Return each condition's image once, by steps; the reference is last among equals."""
    found = {s.condition: s for item in items for s in item.stimuli.values()}
    reference = items[0].reference
    found |= {reference.condition: reference} if reference else {}
    return sorted(found.values(), key=lambda s: (s.num_steps or 0, s is reference))


def _row(items: Sequence[Item], stimuli: Sequence[Stimulus], store: Store, perceived: Perceived | None) -> Row:
    reference = items[0].reference
    middle = store.load(reference.sha256) if reference else None
    pictures = []
    for stimulus in stimuli:
        pixels = store.load(stimulus.sha256)
        known = perceived and reference and perceived.distances.get(f"{reference.sha256}:{stimulus.sha256}")
        psnr = None if middle is None else psnr_db(pixels, middle)
        pictures.append(
            Picture(stimulus.condition, stimulus.num_steps, pixels, stimulus is reference, psnr, known or None)
        )
    identical = ", identical" if all(item.purpose == "identical" for item in items) else ""
    return Row(items[0].prompt, f"seed {items[0].seed}{identical}", tuple(pictures))


def _perceived(folder: Path) -> Perceived | None:
    try:
        return read_perceived(folder)
    except ManifestError:
        return None

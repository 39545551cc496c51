"""Prove that a stimuli folder holds exactly what its manifest names."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stimuli.errors import StimuliError, StimulusMismatchError, StimulusMissingError
from stimuli.manifest import Manifest, image_path, read_manifest
from stimuli.store import Store


@dataclass(frozen=True)
class Verification:
    """What was found: the manifest, how many images are right, what is wrong, and files that it does not name."""

    manifest: Manifest
    num_images: int
    faults: tuple[StimuliError, ...]
    surplus: tuple[str, ...]


def inspect(
    folder: Path, store: Store | None = None, progress: Callable[[int], None] = lambda done: None
) -> Verification:
    """Decode every image of the manifest, compare its pixels with its name, and collect what is wrong.

    Args:
        folder: With the manifest.
        store: Where the images lie; none: `images/` below the folder.
        progress: Called with the number of images that were looked at.

    Raises:
        ManifestError: If the manifest cannot be read.
        StoreError: If the store does not answer.
    """
    manifest = read_manifest(folder)
    store = store or Store(folder, manifest.image_format)
    named = sorted({stimulus.sha256 for stimulus in manifest.stimuli()})
    faults = []
    for done, sha256 in enumerate(named, start=1):
        try:
            store.load(sha256)
        except (StimulusMissingError, StimulusMismatchError) as error:
            faults.append(error)
        progress(done)
    known = {image_path(folder, sha256, manifest.image_format).name for sha256 in named}
    surplus = tuple(name for name in store.names() if name not in known)
    return Verification(manifest, len(named) - len(faults), tuple(faults), surplus)


def verify(folder: Path, store: Store | None = None) -> Verification:
    """Prove a folder.

    Raises:
        ManifestError: If the manifest cannot be read.
        StimulusMissingError: If an image is not there.
        StimulusMismatchError: If an image's pixels are others.
    """
    found = inspect(folder, store)
    if found.faults:
        raise found.faults[0]
    return found

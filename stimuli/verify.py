"""Prove that a stimuli folder holds exactly what its manifest names."""

from dataclasses import dataclass
from pathlib import Path

from stimuli.manifest import IMAGES_FOLDER, Manifest, read_manifest
from stimuli.store import load


@dataclass(frozen=True)
class Verification:
    """What was verified: the manifest, how many images, and files that it does not name."""

    manifest: Manifest
    num_images: int
    surplus: tuple[Path, ...]


def verify(folder: Path) -> Verification:
    """Decode every image of the manifest and compare its pixels with its name.

    Raises:
        ManifestError: If the manifest cannot be read.
        StimulusMissingError: If an image is not there.
        StimulusMismatchError: If an image's pixels are others.
    """
    manifest = read_manifest(folder)
    named = {stimulus.sha256 for stimulus in manifest.stimuli()}
    for sha256 in sorted(named):
        load(folder, sha256)
    surplus = tuple(sorted(path for path in (folder / IMAGES_FOLDER).glob("*") if path.stem not in named))
    return Verification(manifest, len(named), surplus)

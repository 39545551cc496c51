"""Importing images made elsewhere: by any renderer, any model, or a camera."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stimuli.assembly import find_images, freeze, save_image
from stimuli.errors import MasterError
from stimuli.index import ImageIndex, StoredImage
from stimuli.lossless import UnfitError, decode
from stimuli.manifest import Manifest, Renderer, write_manifest
from stimuli.patterns import Naming, Pattern
from stimuli.plan import Recipe, plan_items, recipes_of
from stimuli.store import Store
from stimuli.studyfile import StudyFile


@dataclass(frozen=True)
class Import:
    """What was imported: how many images, how many files were left out, and the manifest if the study is complete."""

    num_images: int
    num_left_out: int
    manifest: Manifest | None


def import_folder(
    study: StudyFile,
    source: Path,
    pattern: str,
    folder: Path,
    store: Store | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Import:
    """Take a study's images of rule 'folder' from a folder, and freeze the manifest if no other image is needed.

    Every file is looked at before the first is stored.

    Args:
        study: The study file, with at least one condition of rule 'folder'.
        source: The folder with the images, at any depth.
        pattern: Of their names below it; see `patterns`.
        folder: The stimuli folder.
        store: Where the images go; none: `images/` below the stimuli folder.
        progress: Called with the number of files that are stored.

    Raises:
        PatternError: If the pattern cannot be used or fits no file.
        MasterError: If a file is not fit to be shown as it is, or its size differs within an item.
        NotImportedError: If the study lacks an image.
    """
    table = study.stimuli
    names = [condition.name for condition in table.shown() if condition.rule == "folder"]
    files = [path.relative_to(source).as_posix() for path in source.rglob("*") if _is_image(path, source)]
    namings = Pattern(pattern, table.prompts or [], table.seeds, names).read(files)
    _refuse_unequal(source, namings)
    store = store or Store(folder, table.image_format)
    index = ImageIndex(folder, store)
    for done, (naming, pixels) in enumerate(_masters(source, namings), start=1):
        recipe = Recipe("folder", naming.prompt, naming.seed, None, naming.condition)
        index.add(recipe, save_image(store, pixels, naming.num_steps))
        progress(done)
    return Import(len(namings), len(files) - len(namings), _finish(study, index, folder))


def read_master(path: Path) -> NDArray[np.uint8]:
    """Read an image made elsewhere.

    Returns:
        RGB, shape (height, width, 3), 0..255.

    Raises:
        MasterError: If it is not fit to be shown as it is; says why, and what to do.
    """
    try:
        return decode(path.read_bytes())
    except UnfitError as error:
        raise MasterError(path, error.found, error.expected, error.remedy) from error


def _is_image(path: Path, source: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
    return path.is_file() and not hidden


def _masters(source: Path, namings: Mapping[str, Naming]) -> Iterator[tuple[Naming, NDArray[np.uint8]]]:
    return ((naming, read_master(source / name)) for name, naming in namings.items())


def _refuse_unequal(source: Path, namings: Mapping[str, Naming]) -> None:
    """Look at every file, and refuse one whose size is not that of the first of its prompt and seed."""
    sizes: dict[tuple[str, int], tuple[int, int]] = {}
    for name, naming in namings.items():
        height, width, _ = read_master(source / name).shape
        first = sizes.setdefault((naming.prompt, naming.seed), (width, height))
        if first != (width, height):
            remedy = "Export the images of an item at one size, without resampling one of them."
            found, expected = f"{width} x {height} pixels", f"{first[0]} x {first[1]} as in the rest of its item"
            raise MasterError(source / name, found, expected, remedy)


def _finish(study: StudyFile, index: ImageIndex, folder: Path) -> Manifest | None:
    if study.stimuli.needs("predicted", "uniform", "steps"):
        return None  # `render` goes on from here
    planned = plan_items(study.stimuli, {})
    found = find_images(index, [recipe for recipe in recipes_of(planned) if recipe.source == "folder"])
    manifest = freeze(study, planned, found, index.store, _renderer(found))
    write_manifest(folder, manifest)
    return manifest


def _renderer(found: Mapping[Recipe, StoredImage]) -> Renderer:
    first = next(iter(found.values()), StoredImage("", 1, 1))
    return Renderer(
        model="made elsewhere",
        revision=None,
        model_digest="",
        scheduler=None,
        guidance_scale=None,
        width=first.width,
        height=first.height,
        dtype=None,
        engine="import",
        predictor_digest=None,
        versions={name: version(name) for name in ("numpy", "pillow", "budgetfusion")},
    )
